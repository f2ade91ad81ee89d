//! The function. Replace what is here with your own, and nothing else.
//!
//! [`Input`] is what `POST /jobs` takes as `input`, read by serde; input that it refuses fails the job for good, with the
//! field's name. [`Output`] becomes the job's result. In between, [`process`] may block and compute as it likes: it has
//! a thread of its own. It says how far it is with [`Job::progress`], reads files and objects through [`Job`], logs with
//! `tracing::info!`, and fails with a [`Failure`]: retryable if another attempt may help, permanent if none would.
//! A panic is a retryable failure too. Try it without a table: `data-processor --input '{…}'`.
//!
//! What ships summarises records, in constant memory: each column's kind, counts, extremes, mean and deviation.

mod column;
mod csv;
mod input;
mod lines;
mod moments;
mod ndjson;
mod number;
mod summary;
mod synthetic;
mod text_range;
mod time;
mod value;

use std::io::{Cursor, Read};

use job_runtime::{Failure, Job};

pub use input::{Format, Input, Synthetic};
pub use summary::{ColumnSummary, Kind, Summary as Output};

/// The longest record; a longer one is a permanent failure, so that memory stays bounded.
pub const RECORD_BYTES: usize = 1024 * 1024;
/// The most columns; more are a permanent failure.
pub const COLUMNS: usize = 1_000;

/// Summarises the records of the input's source.
pub fn process(input: Input, job: &Job) -> Result<Output, Failure> {
    match input {
        Input::Synthetic(synthetic) => synthetic::summarise(&synthetic, job),
        Input::Inline { format, data } => summarise(format, Cursor::new(data), job),
        Input::S3 { format, uri } => summarise(format, job.open_object(&uri)?, job),
        Input::File { format, path } => summarise(format, job.open_file(&path)?, job),
    }
}

fn summarise(format: Format, reader: impl Read, job: &Job) -> Result<Output, Failure> {
    match format {
        Format::Csv => csv::summarise(reader, job),
        Format::Ndjson => ndjson::summarise(reader, job),
    }
}

fn invalid_record(message: impl Into<String>) -> Failure {
    Failure::permanent("InvalidRecord", message)
}

fn too_many_columns() -> Failure {
    Failure::permanent(
        "TooManyColumns",
        format!("the data has more than {COLUMNS} columns"),
    )
}
