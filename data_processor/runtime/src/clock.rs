//! Timestamps in the format of the table: RFC 3339 in UTC, with exactly three digits of milliseconds.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};

/// Milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    /// Reads this machine's clock. No decision depends on it: stored times are for readers.
    #[must_use]
    pub(crate) fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Creates a timestamp from milliseconds since 1970.
    #[cfg(test)]
    pub(crate) fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Returns whole seconds since 1970, rounded down.
    #[must_use]
    pub(crate) fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The SDK omits trailing zeros of a fraction, so it formats whole seconds only.
        let seconds = DateTime::from_secs(self.seconds())
            .fmt(DateTimeFormat::DateTime)
            .map_err(|_| fmt::Error)?;
        let milliseconds = self.0.rem_euclid(1000);
        write!(
            formatter,
            "{}.{milliseconds:03}Z",
            seconds.trim_end_matches('Z')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_ends_of_years_and_milliseconds_are_formatted() {
        let formatted = |milliseconds| Timestamp::from_milliseconds(milliseconds).to_string();
        assert_eq!(formatted(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(formatted(951_827_696_789), "2000-02-29T12:34:56.789Z");
        assert_eq!(formatted(1_798_761_599_999), "2026-12-31T23:59:59.999Z");
        assert_eq!(formatted(-1), "1969-12-31T23:59:59.999Z");
    }
}
