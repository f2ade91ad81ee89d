//! The function's input.

mod bounds;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};

/// The source of the records.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Generated records, for demonstrations and for tests of load and failures.
    Synthetic(Synthetic),
    /// Records in the input itself.
    Inline {
        /// The format of the records.
        format: Format,
        /// The records.
        data: String,
    },
    /// An object in S3, plain or compressed with gzip or zstd.
    S3 {
        /// The format of the records.
        format: Format,
        /// The object's address, `s3://bucket/key`.
        uri: String,
    },
    /// A file of the data directory, plain or compressed with gzip or zstd.
    File {
        /// The format of the records.
        format: Format,
        /// The path, relative to the data directory.
        path: String,
    },
}

/// The format of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values; the first line names the columns.
    Csv,
    /// One JSON object per line.
    Ndjson,
}

/// Generated records.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Synthetic {
    /// The number of records.
    #[serde(deserialize_with = "bounds::records")]
    pub records: u64,
    /// The probability with which each record fails the attempt.
    #[serde(deserialize_with = "bounds::failure_rate")]
    pub failure_rate: f64,
    /// The seed of the generated values and failures.
    pub seed: u64,
    /// The maximum speed; unlimited if absent.
    #[serde(deserialize_with = "bounds::records_per_second")]
    pub records_per_second: Option<f64>,
    /// The number of attempts that fail, half way through, before one succeeds.
    pub fail_attempts: u32,
    /// Memory to hold during the run, in mebibytes, for tests of memory limits.
    #[serde(deserialize_with = "bounds::memory_mebibytes")]
    pub memory_mebibytes: u64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            records: 5_000,
            failure_rate: 0.0,
            seed: 0,
            records_per_second: None,
            fail_attempts: 0,
            memory_mebibytes: 0,
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct InlineFields {
    format: Format,
    data: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct S3Fields {
    format: Format,
    #[serde(deserialize_with = "bounds::address")]
    uri: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFields {
    format: Format,
    path: String,
}

/// Written by hand, because serde's tagged enums lose the name of the wrong field.
impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        match fields.remove("source") {
            Some(Value::String(source)) => match source.as_str() {
                "synthetic" => read_fields(fields).map(Input::Synthetic),
                "inline" => read_fields(fields)
                    .map(|InlineFields { format, data }| Input::Inline { format, data }),
                "s3" => {
                    read_fields(fields).map(|S3Fields { format, uri }| Input::S3 { format, uri })
                }
                "file" => read_fields(fields)
                    .map(|FileFields { format, path }| Input::File { format, path }),
                other => Err(unknown_source(&format!("{other:?}"))),
            },
            Some(other) => Err(unknown_source(&other.to_string())),
            None => Err(unknown_source("nothing")),
        }
    }
}

fn unknown_source<E: Error>(found: &str) -> E {
    E::custom(format!(
        ".source: expected \"synthetic\", \"inline\", \"s3\" or \"file\", found {found}"
    ))
}

fn read_fields<T: serde::de::DeserializeOwned, E: Error>(
    fields: Map<String, Value>,
) -> Result<T, E> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.inner().to_string());
        // The dot extends the path that the runtime puts before it.
        if path == "." {
            E::custom(inner)
        } else {
            E::custom(format!(".{path}: {inner}"))
        }
    })
}

#[cfg(test)]
mod tests;
