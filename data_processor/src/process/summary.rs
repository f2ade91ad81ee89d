//! The function's result.

use serde::Serialize;
use serde_json::Value as Json;

use super::column::Column;
use super::moments::Spread;

/// The kind of a column's values: `mixed` if they differ, `text` if there are none, or if they are digits and some have a
/// leading zero (codes, not numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Decimal numbers.
    Number,
    /// Anything else.
    Text,
    /// True or false.
    Boolean,
    /// Dates with or without times, or times of day.
    Time,
    /// Values of several kinds.
    Mixed,
}

/// The summary of a column. `min` and `max` are null if it does not have values. Only a column of numbers has `mean` and
/// `stddev`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// The column's name.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// The number of its values.
    pub count: u64,
    /// The number of records without a value: an empty field, JSON's null, a missing key.
    pub nulls: u64,
    /// The smallest value. Numbers and times are compared by their meaning, text and mixed values byte by byte.
    pub min: Json,
    /// The largest value.
    pub max: Json,
    /// Mean and standard deviation of numbers.
    #[serde(flatten)]
    pub spread: Option<Spread>,
}

/// The number of records and the columns, in the order in which they appeared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The number of records.
    pub records: u64,
    /// One entry per column.
    pub columns: Vec<ColumnSummary>,
}

impl Summary {
    pub(super) fn new(records: u64, columns: Vec<Column>) -> Self {
        Self {
            records,
            columns: columns
                .into_iter()
                .map(|column| column.summary(records))
                .collect(),
        }
    }
}
