//! What the function is asked to do.

mod bounds;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};

/// Where the records come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Made up: for demonstrations, load and failure tests.
    Synthetic(Synthetic),
    /// In the input itself.
    Inline {
        /// How to read them.
        format: Format,
        /// The records.
        data: String,
    },
    /// An object of S3, also gzip or zstd.
    S3 {
        /// How to read them.
        format: Format,
        /// `s3://bucket/key`.
        uri: String,
    },
    /// A file of the data directory, also gzip or zstd.
    File {
        /// How to read them.
        format: Format,
        /// Relative to the data directory.
        path: String,
    },
}

/// How records are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated, the first line names the columns.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Records made up.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Synthetic {
    /// How many.
    #[serde(deserialize_with = "bounds::records")]
    pub records: u64,
    /// The chance of each to fail the attempt.
    #[serde(deserialize_with = "bounds::failure_rate")]
    pub failure_rate: f64,
    /// What the made-up values and failures derive from.
    pub seed: u64,
    /// Not faster than this; as fast as possible if absent.
    #[serde(deserialize_with = "bounds::records_per_second")]
    pub records_per_second: Option<f64>,
    /// So many attempts fail, the first ones, half way through.
    pub fail_attempts: u32,
    /// Memory held from the first record to the last, to see what a limit does: mebibytes.
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

/// By hand, because serde's tagged enums forget which field was wrong.
impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        match fields.remove("source") {
            Some(Value::String(source)) => match source.as_str() {
                "synthetic" => typed(fields).map(Input::Synthetic),
                "inline" => typed(fields)
                    .map(|InlineFields { format, data }| Input::Inline { format, data }),
                "s3" => typed(fields).map(|S3Fields { format, uri }| Input::S3 { format, uri }),
                "file" => {
                    typed(fields).map(|FileFields { format, path }| Input::File { format, path })
                }
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

fn typed<T: serde::de::DeserializeOwned, E: Error>(fields: Map<String, Value>) -> Result<T, E> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.inner().to_string());
        // The dot goes on with the path that the runtime has begun.
        if path == "." {
            E::custom(inner)
        } else {
            E::custom(format!(".{path}: {inner}"))
        }
    })
}

#[cfg(test)]
mod tests;
