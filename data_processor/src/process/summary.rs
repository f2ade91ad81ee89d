//! The function's result.

use serde::Serialize;
use serde_json::Value as Json;

use super::column::Column;
use super::moments::Spread;

/// What a column's values are: the kind that all of them have, `mixed` if they differ, `text` if there are none or if
/// they are digits of which some begin with zero (codes, not numbers).
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

/// What is said of a column. `min` and `max` are null if it has no values; a column of numbers also has `mean` and
/// `stddev`, any other has no such fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// How many values it has …
    pub count: u64,
    /// … and how many records without one: an empty field, JSON's null, a key that is missing.
    pub nulls: u64,
    /// The smallest value: of numbers and times by what they mean, of text and mixed values byte by byte.
    pub min: Json,
    /// The largest value.
    pub max: Json,
    /// Mean and deviation of numbers.
    #[serde(flatten)]
    pub spread: Option<Spread>,
}

/// How many records there were, and what is in their columns, in the order in which they appeared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Records read.
    pub records: u64,
    /// One entry a column.
    pub columns: Vec<ColumnSummary>,
}

impl Summary {
    pub(super) fn of(records: u64, columns: Vec<Column>) -> Self {
        Self {
            records,
            columns: columns
                .into_iter()
                .map(|column| column.summary(records))
                .collect(),
        }
    }
}
