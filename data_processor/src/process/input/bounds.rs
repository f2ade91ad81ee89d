//! Checks the values of the input's fields. The errors describe the expected value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use job_runtime::ObjectAddress;

/// Reads a number between two bounds.
struct BoundedNumber {
    min: f64,
    max: f64,
    expected: &'static str,
}

impl Visitor<'_> for BoundedNumber {
    type Value = f64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        if (self.min..=self.max).contains(&value) {
            Ok(value)
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        if value as f64 > self.max || (value as f64) < self.min {
            return Err(E::invalid_value(Unexpected::Unsigned(value), &self));
        }
        Ok(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        if value as f64 > self.max || (value as f64) < self.min {
            return Err(E::invalid_value(Unexpected::Signed(value), &self));
        }
        Ok(value as f64)
    }
}

pub(super) fn records<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    bounded_integer(deserializer, 1e12, "an integer from 0 to 1000000000000")
}

/// A mebibyte is 2^20 bytes. The maximum is far above the memory of any job.
pub(super) fn memory_mebibytes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u64, D::Error> {
    bounded_integer(deserializer, 4096.0, "an integer from 0 to 4096")
}

fn bounded_integer<'de, D: Deserializer<'de>>(
    deserializer: D,
    max: f64,
    expected: &'static str,
) -> Result<u64, D::Error> {
    let number = deserializer.deserialize_any(BoundedNumber {
        min: 0.0,
        max,
        expected,
    })?;
    if number.fract() != 0.0 {
        return Err(D::Error::invalid_value(
            Unexpected::Float(number),
            &expected,
        ));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an integer from 0 to 1e12"
    )]
    Ok(number as u64)
}

pub(super) fn failure_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(BoundedNumber {
        min: 0.0,
        max: 1.0,
        expected: "a number from 0 to 1",
    })
}

pub(super) fn records_per_second<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    let expected = "a number from 0.001 to 1000000000";
    deserializer
        .deserialize_any(BoundedNumber {
            min: 0.001,
            max: 1e9,
            expected,
        })
        .map(Some)
}

pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse::<ObjectAddress>().map_err(D::Error::custom)?;
    Ok(text)
}
