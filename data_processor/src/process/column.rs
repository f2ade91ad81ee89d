//! One column of the summary, gathered in constant memory.

use serde_json::Value as Json;

use super::moments::Moments;
use super::number::Number;
use super::summary::{ColumnSummary, Kind};
use super::text_range::TextRange;
use super::time::{Moment, Time};
use super::value::Value;

const BOOLEAN: u8 = 1;
const NUMBER: u8 = 2;
const DATE: u8 = 4;
const CLOCK: u8 = 8;
const TEXT: u8 = 16;
const CODE: u8 = 32;

/// A time, and how it was written.
type Written = (Moment, Vec<u8>);

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// The kinds seen, one bit each.
    seen: u8,
    count: u64,
    integers: (i64, i64),
    floats: (f64, f64),
    moments: Moments,
    booleans: (bool, bool),
    times: Option<(Written, Written)>,
    texts: TextRange,
}

impl Column {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            seen: 0,
            count: 0,
            integers: (i64::MAX, i64::MIN),
            floats: (f64::INFINITY, f64::NEG_INFINITY),
            moments: Moments::default(),
            booleans: (true, false),
            times: None,
            texts: TextRange::default(),
        }
    }

    /// Takes a value in, and how it was written.
    #[inline]
    pub(super) fn add(&mut self, value: Value, written: &[u8]) {
        self.count += 1;
        self.texts.add(written);
        match value {
            Value::Number(number) => self.add_number(number),
            Value::Text => self.seen |= TEXT,
            Value::Code => self.seen |= CODE,
            Value::Boolean(value) => {
                self.seen |= BOOLEAN;
                self.booleans = (self.booleans.0 & value, self.booleans.1 | value);
            }
            Value::Time(Time::Date(moment)) => self.add_time(DATE, moment, written),
            Value::Time(Time::Clock(moment)) => self.add_time(CLOCK, moment, written),
        }
    }

    /// Takes in a number that nobody has written down.
    #[inline]
    pub(super) fn add_made_up(&mut self, number: f64) {
        self.count += 1;
        self.add_number(Number::Float(number));
    }

    #[inline]
    fn add_number(&mut self, number: Number) {
        self.seen |= NUMBER;
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

    fn add_time(&mut self, kind: u8, moment: Moment, written: &[u8]) {
        self.seen |= kind;
        match &mut self.times {
            None => self.times = Some(((moment, written.to_vec()), (moment, written.to_vec()))),
            Some((least, _)) if moment < least.0 => *least = (moment, written.to_vec()),
            Some((_, most)) if moment > most.0 => *most = (moment, written.to_vec()),
            Some(_) => {}
        }
    }

    fn kind(&self) -> Kind {
        match self.seen {
            0 | TEXT => Kind::Text,
            // One postal code with a leading zero, and the others are codes as well.
            seen if seen & CODE != 0 && seen & !(CODE | NUMBER | TEXT) == 0 => Kind::Text,
            BOOLEAN => Kind::Boolean,
            NUMBER => Kind::Number,
            DATE | CLOCK => Kind::Time,
            _ => Kind::Mixed,
        }
    }

    pub(super) fn summary(self, records: u64) -> ColumnSummary {
        let kind = self.kind();
        let (min, max) = match kind {
            Kind::Number => self.numbers(),
            Kind::Boolean => (self.booleans.0.into(), self.booleans.1.into()),
            Kind::Time => {
                self.times
                    .as_ref()
                    .map_or((Json::Null, Json::Null), |((_, least), (_, most))| {
                        (
                            String::from_utf8_lossy(least).into(),
                            String::from_utf8_lossy(most).into(),
                        )
                    })
            }
            Kind::Text | Kind::Mixed => self
                .texts
                .ends()
                .map_or((Json::Null, Json::Null), |(least, most)| {
                    (least.into(), most.into())
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

    fn numbers(&self) -> (Json, Json) {
        let ((least, most), (least_float, most_float)) = (self.integers, self.floats);
        let no_integers = least > most;
        let min = if no_integers || least_float < least as f64 {
            least_float.into()
        } else {
            least.into()
        };
        let max = if no_integers || most_float > most as f64 {
            most_float.into()
        } else {
            most.into()
        };
        (min, max)
    }
}
