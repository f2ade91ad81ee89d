//! Parses decimal numbers: `-12`, `+3.5`, `.5`, `1.`, `1e-3`, also with spaces around them.
//!
//! `NaN`, `inf` and numbers that overflow are text, because their mean would be meaningless. Integers with a leading zero
//! are codes, not numbers.

/// A number of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// An integer of at most 64 bits, exact.
    Integer(i64),
    /// Any other number, correctly rounded.
    Float(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

/// The powers of ten that a float represents exactly.
const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];
/// The number of digits that always fit into the 53 bits of a float.
const EXACT_DIGITS: usize = 15;
/// The number of digits that always fit into 64 bits with a sign.
const INTEGER_DIGITS: usize = 18;

/// Parses a number. Returns `None` if the text is not a number.
pub(super) fn parse(text: &[u8]) -> Option<Number> {
    let text = text.trim_ascii();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    // Most numbers are short: their digits fit into one integer, and one division, correctly rounded, sets the point.
    let (mut mantissa, mut point) = (0_i64, None);
    for (index, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 && index < INTEGER_DIGITS {
            mantissa = mantissa * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(index);
        } else {
            return parse_long(text, digits);
        }
    }
    let signed = if negative { -mantissa } else { mantissa };
    match point {
        None if matches!(digits, [b'0', _, ..]) => None,
        None if !digits.is_empty() => Some(Number::Integer(signed)),
        Some(point) if digits.len() > 1 && digits.len() - 1 <= EXACT_DIGITS => {
            let float = mantissa as f64 / POWERS[digits.len() - 1 - point];
            Some(Number::Float(if negative { -float } else { float }))
        }
        Some(_) => parse_long(text, digits),
        None => None,
    }
}

#[cold]
fn parse_long(text: &[u8], digits: &[u8]) -> Option<Number> {
    // The parser below would accept infinities and NaN.
    if !matches!(digits.first(), Some(b'0'..=b'9' | b'.')) {
        return None;
    }
    if digits.iter().all(u8::is_ascii_digit)
        && let Some(integer) = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
    {
        return (digits[0] != b'0').then_some(Number::Integer(integer));
    }
    let unsigned = text.strip_prefix(b"+").unwrap_or(text);
    fast_float2::parse::<f64, _>(unsigned)
        .ok()
        .filter(|float| float.is_finite())
        .map(Number::Float)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_distinguished_from_other_text() {
        for (text, integer) in [("0", 0), ("-12", -12), ("+7", 7), (" 5 ", 5), ("-0", 0)] {
            assert_eq!(
                parse(text.as_bytes()),
                Some(Number::Integer(integer)),
                "{text}"
            );
        }
        assert_eq!(
            parse(b"9223372036854775807"),
            Some(Number::Integer(i64::MAX))
        );
        assert_eq!(
            parse(b"9223372036854775808"),
            Some(Number::Float(9_223_372_036_854_775_808.0))
        );
        for (text, float) in [
            ("1.5", 1.5),
            ("-.5", -0.5),
            ("1.", 1.0),
            ("1e3", 1e3),
            ("+1.5E-3", 1.5e-3),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(Number::Float(float)), "{text}");
        }
        for text in [
            "",
            "007",
            "-01",
            "00000000000000000000000001",
            " ",
            "-",
            "+",
            ".",
            "-.",
            "1.2.3",
            "1,2",
            "0x1f",
            "1e",
            "1e999",
            "nan",
            "NaN",
            "inf",
            "-Infinity",
            "1 2",
            "--1",
            "+-1",
            "12a",
            "1_0",
            "٣",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        /// Both the fast path and the general one agree with std.
        #[test]
        fn every_float_is_parsed_like_in_std(
            text in r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{0,20})?([eE][-+]?[0-9]{1,2})?",
        ) {
            let expected: f64 = text.parse().unwrap();
            let bits = |float: f64| (float + 0.0).to_bits(); // Makes both zeros equal.
            prop_assert_eq!(bits(parse(text.as_bytes()).unwrap().as_f64()), bits(expected));
        }
    }
}
