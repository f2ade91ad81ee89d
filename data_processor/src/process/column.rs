//! Collects one column of the summary, in constant memory.

use serde_json::Value as Json;

use super::moments::Moments;
use super::number::Number;
use super::summary::{ColumnSummary, Kind};
use super::text_range::TextRange;
use super::time::{Moment, Time};
use super::value::Value;

// The kinds of values, one bit each.
const BOOLEAN: u8 = 1;
const NUMBER: u8 = 2;
const DATE: u8 = 4;
const CLOCK: u8 = 8;
const TEXT: u8 = 16;
const CODE: u8 = 32;

/// A time and its text.
type TimeText = (Moment, Vec<u8>);

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// The kinds of its values so far, one bit each.
    kinds: u8,
    count: u64,
    integers: (i64, i64),
    floats: (f64, f64),
    moments: Moments,
    booleans: (bool, bool),
    times: Option<(TimeText, TimeText)>,
    texts: TextRange,
}

impl Column {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            kinds: 0,
            count: 0,
            integers: (i64::MAX, i64::MIN),
            floats: (f64::INFINITY, f64::NEG_INFINITY),
            moments: Moments::default(),
            booleans: (true, false),
            times: None,
            texts: TextRange::default(),
        }
    }

    /// Adds a value and its text.
    #[inline]
    pub(super) fn add(&mut self, value: Value, text: &[u8]) {
        self.count += 1;
        self.texts.add(text);
        match value {
            Value::Number(number) => self.add_number(number),
            Value::Text => self.kinds |= TEXT,
            Value::Code => self.kinds |= CODE,
            Value::Boolean(value) => {
                self.kinds |= BOOLEAN;
                self.booleans = (self.booleans.0 & value, self.booleans.1 | value);
            }
            Value::Time(Time::Date(moment)) => self.add_time(DATE, moment, text),
            Value::Time(Time::Clock(moment)) => self.add_time(CLOCK, moment, text),
        }
    }

    /// Adds a generated number, which does not have a text.
    #[inline]
    pub(super) fn add_generated(&mut self, number: f64) {
        self.count += 1;
        self.add_number(Number::Float(number));
    }

    #[inline]
    fn add_number(&mut self, number: Number) {
        self.kinds |= NUMBER;
        match number {
            Number::Integer(integer) => {
                self.integers = (self.integers.0.min(integer), self.integers.1.max(integer));
            }
            Number::Float(float) => {
                self.floats = (self.floats.0.min(float), self.floats.1.max(float));
            }
        }
        self.moments.add(number.as_f64());
    }

    fn add_time(&mut self, kind: u8, moment: Moment, text: &[u8]) {
        self.kinds |= kind;
        match &mut self.times {
            None => self.times = Some(((moment, text.to_vec()), (moment, text.to_vec()))),
            Some((min, _)) if moment < min.0 => *min = (moment, text.to_vec()),
            Some((_, max)) if moment > max.0 => *max = (moment, text.to_vec()),
            Some(_) => {}
        }
    }

    fn kind(&self) -> Kind {
        match self.kinds {
            0 | TEXT => Kind::Text,
            // If one value has a leading zero, such as a postal code, the other numbers are codes too.
            kinds if kinds & CODE != 0 && kinds & !(CODE | NUMBER | TEXT) == 0 => Kind::Text,
            BOOLEAN => Kind::Boolean,
            NUMBER => Kind::Number,
            DATE | CLOCK => Kind::Time,
            _ => Kind::Mixed,
        }
    }

    /// Summarises the column; the data has this many records.
    pub(super) fn summary(self, records: u64) -> ColumnSummary {
        let kind = self.kind();
        let (min, max) = match kind {
            Kind::Number => self.number_range(),
            Kind::Boolean => (self.booleans.0.into(), self.booleans.1.into()),
            Kind::Time => {
                self.times
                    .as_ref()
                    .map_or((Json::Null, Json::Null), |((_, min), (_, max))| {
                        (
                            String::from_utf8_lossy(min).into(),
                            String::from_utf8_lossy(max).into(),
                        )
                    })
            }
            Kind::Text | Kind::Mixed => self
                .texts
                .min_and_max()
                .map_or((Json::Null, Json::Null), |(min, max)| {
                    (min.into(), max.into())
                }),
        };
        let spread = (kind == Kind::Number).then(|| self.moments.spread());
        ColumnSummary {
            name: self.name,
            kind,
            count: self.count,
            nulls: records - self.count,
            min,
            max,
            spread,
        }
    }

    fn number_range(&self) -> (Json, Json) {
        let ((min_integer, max_integer), (min_float, max_float)) = (self.integers, self.floats);
        let has_integers = min_integer <= max_integer;
        let min = if has_integers && min_float >= min_integer as f64 {
            min_integer.into()
        } else {
            min_float.into()
        };
        let max = if has_integers && max_float <= max_integer as f64 {
            max_integer.into()
        } else {
            max_float.into()
        };
        (min, max)
    }
}
