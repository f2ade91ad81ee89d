//! Parses a text as a value of some kind.

use super::number::{self, Number};
use super::time::{self, Time};

/// One value of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Boolean(bool),
    Number(Number),
    Time(Time),
    /// Digits with a leading zero, such as a postal code.
    Code,
    Text,
}

/// Parses a CSV field. Returns `None` (null) if it is empty. Booleans are `true` and `false`, in lower, upper or title case.
pub(super) fn parse_field(field: &[u8]) -> Option<Value> {
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

/// Parses the content of a JSON string as a time or as text. JSON has its own numbers and booleans, so `"5"` is text.
pub(super) fn parse_string(content: &[u8]) -> Value {
    time::parse(content).map_or(Value::Text, Value::Time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_kind_of_a_field_follows_from_its_form() {
        assert_eq!(parse_field(b""), None);
        assert_eq!(parse_field(b"True"), Some(Value::Boolean(true)));
        assert_eq!(parse_field(b"FALSE"), Some(Value::Boolean(false)));
        assert_eq!(parse_field(b"12"), Some(Value::Number(Number::Integer(12))));
        assert_eq!(parse_field(b"00501"), Some(Value::Code));
        assert!(matches!(
            parse_field(b"2012-01-01"),
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
            assert_eq!(parse_field(text.as_bytes()), Some(Value::Text), "{text}");
        }
    }

    proptest! {
        /// Any bytes can be parsed, and only the empty field is null.
        #[test]
        fn only_an_empty_field_is_null(field in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(parse_field(&field).is_none(), field.is_empty());
        }
    }
}
