//! Summarises CSV (RFC 4180): comma-separated, quoted if necessary. The first record names the columns; blank lines are
//! ignored.
//!
//! `csv-core` parses into buffers of a fixed size, which limit the length of a record and the number of columns.

use std::io::{BufRead, BufReader, Read};

use csv_core::{ReadRecordResult, Reader};

use super::column::Column;
use super::summary::Summary;
use super::{COLUMNS, RECORD_BYTES, invalid_record, too_many_columns, value};
use job_runtime::{Failure, Job};

const BUFFER_BYTES: usize = 1024 * 1024;

/// Summarises the records. Each must have as many fields as the header.
pub(super) fn summarise(reader: impl Read, job: &Job) -> Result<Summary, Failure> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, reader);
    let mut parser = Reader::new();
    let (mut fields, mut ends) = (vec![0; RECORD_BYTES], vec![0; COLUMNS + 1]);
    let (mut field_bytes, mut field_count) = (0, 0);
    let mut columns: Option<Vec<Column>> = None;
    let mut records = 0;
    loop {
        let (result, read, more_bytes, more_fields) = parser.read_record(
            input.fill_buf()?,
            &mut fields[field_bytes..],
            &mut ends[field_count..],
        );
        input.consume(read);
        field_bytes += more_bytes;
        field_count += more_fields;
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
        let ends = &ends[..field_count];
        match &mut columns {
            None if field_count > COLUMNS => return Err(too_many_columns()),
            None => columns = Some(header(&fields, ends)),
            Some(columns) => {
                records += 1;
                if field_count != columns.len() {
                    let (line, expected) = (parser.line(), columns.len());
                    return Err(invalid_record(format!(
                        "record {records} (ends before line {line}) has {field_count} fields; the header has {expected}"
                    )));
                }
                add(columns, &fields, ends);
                if records % 1024 == 0 {
                    job.progress(records, None)?;
                }
            }
        }
        (field_bytes, field_count) = (0, 0);
    }
    job.progress(records, None)?;
    Ok(Summary::new(records, columns.unwrap_or_default()))
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
        if let Some(value) = value::parse_field(field) {
            column.add(value, field);
        }
    }
}
