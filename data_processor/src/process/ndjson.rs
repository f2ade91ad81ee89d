//! Summarises NDJSON: one JSON object per line. Blank lines are ignored.
//!
//! A key is a column. A record without the key counts as null there. If an object repeats a key, the first one counts.
//! Numbers and booleans are those of JSON. A string is a time if it has the form of one, otherwise text. A nested array or
//! object is text: its unchanged JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::column::Column;
use super::lines::{Line, Lines};
use super::summary::Summary;
use super::value::{Value, parse_string};
use super::{COLUMNS, RECORD_BYTES, invalid_record, number, too_many_columns};
use job_runtime::{Failure, Job};

/// Summarises the records.
pub(super) fn summarise(reader: impl Read, job: &Job) -> Result<Summary, Failure> {
    let mut lines = Lines::new(reader, RECORD_BYTES);
    let mut table = Table::default();
    loop {
        let line = match lines.next()? {
            Line::Text(line) => line,
            Line::TooLong => {
                let message = format!(
                    "record {} is longer than {RECORD_BYTES} bytes",
                    table.records + 1
                );
                return Err(invalid_record(message));
            }
            Line::End => break,
        };
        let line = if table.records == 0 {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
        } else {
            line
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        table.records += 1;
        let mut json = serde_json::Deserializer::from_slice(line);
        let result = json
            .deserialize_map(Row(&mut table))
            .and_then(|()| json.end());
        if let Err(error) = result {
            if table.has_too_many_columns {
                return Err(too_many_columns());
            }
            return Err(invalid_record(format!("record {}: {error}", table.records)));
        }
        if table.records % 1024 == 0 {
            job.progress(table.records, None)?;
        }
    }
    job.progress(table.records, None)?;
    Ok(Summary::new(table.records, table.columns))
}

#[derive(Default)]
struct Table {
    records: u64,
    columns: Vec<Column>,
    /// The latest record with a value of each column.
    last_record: Vec<u64>,
    by_name: HashMap<String, usize>,
    has_too_many_columns: bool,
}

impl Table {
    /// Returns the index of a column. Most records have the same keys in the same order, so the expected one is tried first.
    fn index(&mut self, name: &str, expected: usize) -> Option<usize> {
        if self
            .columns
            .get(expected)
            .is_some_and(|column| column.name == name)
        {
            return Some(expected);
        }
        if let Some(index) = self.by_name.get(name) {
            return Some(*index);
        }
        if self.columns.len() == COLUMNS {
            self.has_too_many_columns = true;
            return None;
        }
        let index = self.columns.len();
        self.by_name.insert(name.to_owned(), index);
        self.columns.push(Column::new(name.to_owned()));
        self.last_record.push(0);
        Some(index)
    }

    fn add(&mut self, index: usize, json: &str) -> Result<(), serde_json::Error> {
        if std::mem::replace(&mut self.last_record[index], self.records) == self.records {
            return Ok(());
        }
        let column = &mut self.columns[index];
        match json.as_bytes() {
            b"null" => {}
            b"true" => column.add(Value::Boolean(true), b"true"),
            b"false" => column.add(Value::Boolean(false), b"false"),
            // Without an escape, the text is what is between the quotes.
            [b'"', content @ .., b'"'] if memchr::memchr(b'\\', content).is_none() => {
                column.add(parse_string(content), content);
            }
            [b'"', ..] => {
                let content: String = serde_json::from_str(json)?;
                column.add(parse_string(content.as_bytes()), content.as_bytes());
            }
            nested @ [b'{' | b'[', ..] => column.add(Value::Text, nested),
            digits => column.add(
                number::parse(digits).map_or(Value::Text, Value::Number),
                digits,
            ),
        }
        Ok(())
    }
}

struct Row<'a>(&'a mut Table);

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(Key(name)) = row.next_key()? {
            let value: &RawValue = row.next_value()?;
            let index = self
                .0
                .index(&name, expected)
                .ok_or_else(|| A::Error::custom("too many columns"))?;
            self.0.add(index, value.get()).map_err(A::Error::custom)?;
            expected = index + 1;
        }
        Ok(())
    }
}
