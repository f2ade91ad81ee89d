//! What kind of value a text is.

use super::number::{self, Number};
use super::time::{self, Time};

/// One value of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Boolean(bool),
    Number(Number),
    Time(Time),
    /// Digits with a leading zero, as a postal code.
    Code,
    Text,
}

/// A field of a CSV file; none if it is empty (null). Booleans are `true` and `false`, in lower, upper or title case.
pub(super) fn of_field(field: &[u8]) -> Option<Value> {
    let value = match field.first()? {
        b'0'..=b'9' => match number::parse(field) {
            Some(number) => Value::Number(number),
            None if field.iter().all(u8::is_ascii_digit) => Value::Code,
            None => time::parse(field).map_or(Value::Text, Value::Time),
        },
        b'-' | b'+' | b'.' | b' ' | b'\t' => {
            number::parse(field).map_or(Value::Text, Value::Number)
        }
        b't' | b'T' if matches!(field, b"true" | b"True" | b"TRUE") => Value::Boolean(true),
        b'f' | b'F' if matches!(field, b"false" | b"False" | b"FALSE") => Value::Boolean(false),
        _ => Value::Text,
    };
    Some(value)
}

/// The content of a JSON string: a time or text. JSON has its own numbers and booleans, so `"5"` is text.
pub(super) fn of_string(content: &[u8]) -> Value {
    time::parse(content).map_or(Value::Text, Value::Time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_field_is_what_it_looks_like() {
        assert_eq!(of_field(b""), None);
        assert_eq!(of_field(b"True"), Some(Value::Boolean(true)));
        assert_eq!(of_field(b"FALSE"), Some(Value::Boolean(false)));
        assert_eq!(of_field(b"12"), Some(Value::Number(Number::Integer(12))));
        assert_eq!(of_field(b"00501"), Some(Value::Code));
        assert!(matches!(
            of_field(b"2012-01-01"),
            Some(Value::Time(Time::Date(_)))
        ));
        for text in [
            "tRUE",
            "truest",
            "yes",
            "NA",
            "12 apples",
            "10.0.0.1",
            "2012-01-01x",
            "-",
            " ",
            "é",
        ] {
            assert_eq!(of_field(text.as_bytes()), Some(Value::Text), "{text}");
        }
    }

    proptest! {
        /// No bytes whatever upset it, and only nothing is null.
        #[test]
        fn every_field_is_something(field in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(of_field(&field).is_none(), field.is_empty());
        }
    }
}
