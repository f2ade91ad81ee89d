//! CSV (RFC 4180): comma-separated, quoted where need be, the first record names the columns, blank lines count nothing.
//!
//! `csv-core` takes the text apart into buffers that do not grow: the bounds on records and columns are theirs.

use std::io::{BufRead, BufReader, Read};

use csv_core::{ReadRecordResult, Reader};

use super::column::Column;
use super::summary::Summary;
use super::{COLUMNS, RECORD_BYTES, invalid_record, too_many_columns, value};
use job_runtime::{Failure, Job};

const BUFFER: usize = 1024 * 1024;

/// Summarises the records; each must have as many fields as the first names.
pub(super) fn summarise(reader: impl Read, job: &Job) -> Result<Summary, Failure> {
    let mut input = BufReader::with_capacity(BUFFER, reader);
    let mut parser = Reader::new();
    let (mut fields, mut ends) = (vec![0; RECORD_BYTES], vec![0; COLUMNS + 1]);
    let (mut written, mut ended) = (0, 0);
    let mut columns: Option<Vec<Column>> = None;
    let mut records = 0;
    loop {
        let (result, read, more_written, more_ended) = parser.read_record(
            input.fill_buf()?,
            &mut fields[written..],
            &mut ends[ended..],
        );
        input.consume(read);
        written += more_written;
        ended += more_ended;
        match result {
            ReadRecordResult::InputEmpty => continue,
            ReadRecordResult::OutputFull => {
                let message = format!("record {} is longer than {RECORD_BYTES} bytes", records + 1);
                return Err(invalid_record(message));
            }
            ReadRecordResult::OutputEndsFull => return Err(too_many_columns()),
            ReadRecordResult::End => break,
            ReadRecordResult::Record => {}
        }
        let ends = &ends[..ended];
        match &mut columns {
            None if ended > COLUMNS => return Err(too_many_columns()),
            None => columns = Some(header(&fields, ends)),
            Some(columns) => {
                records += 1;
                if ended != columns.len() {
                    let (line, expected) = (parser.line(), columns.len());
                    return Err(invalid_record(format!(
                        "record {records} (ends before line {line}) has {ended} fields; the header names {expected}"
                    )));
                }
                add(columns, &fields, ends);
                if records % 1024 == 0 {
                    job.progress(records, None)?;
                }
            }
        }
        (written, ended) = (0, 0);
    }
    job.progress(records, None)?;
    Ok(Summary::of(records, columns.unwrap_or_default()))
}

fn header(fields: &[u8], ends: &[usize]) -> Vec<Column> {
    let mut start = 0;
    let names = ends
        .iter()
        .map(|end| &fields[std::mem::replace(&mut start, *end)..*end]);
    names
        .map(|name| Column::new(String::from_utf8_lossy(name).into_owned()))
        .collect()
}

#[inline]
fn add(columns: &mut [Column], fields: &[u8], ends: &[usize]) {
    let mut start = 0;
    for (column, end) in columns.iter_mut().zip(ends) {
        let field = &fields[start..*end];
        start = *end;
        if let Some(value) = value::of_field(field) {
            column.add(value, field);
        }
    }
}
