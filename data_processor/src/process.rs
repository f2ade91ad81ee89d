//! The function. To run your own, replace [`process`], [`Input`] and [`Output`]; nothing else has to change.
//!
//! - [`Input`] is the `input` of `POST /jobs`, read by serde. If serde rejects it, the job fails permanently with the name
//!   of the field.
//! - [`Output`] becomes the job's result.
//! - [`process`] runs on its own thread and may block. It reports its progress with [`Job::progress`], reads files and
//!   objects through [`Job`], and logs with the macros of [`job_runtime::tracing`].
//! - It fails with a [`Failure`]: retryable if another attempt may succeed, permanent if not. A panic is a retryable failure.
//!
//! To run it without a table: `data-processor --input '{…}'`.
//!
//! This function summarises records in constant memory: the kind, the counts, the minimum and maximum, the mean and the
//! standard deviation of each column.

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

/// The maximum length of a record. A longer one is a permanent failure, so that memory is limited.
pub const RECORD_BYTES: usize = 1024 * 1024;
/// The maximum number of columns. More are a permanent failure.
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
