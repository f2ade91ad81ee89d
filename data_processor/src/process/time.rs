//! Parses dates and times with the year first, as in ISO 8601: `2012-01-31`, `2012/01/31`, `2012-01-31T10:00`,
//! `2012-01-31 10:00:00.5+01:00`; and times of day: `10:00:00`. Dates of other forms are text, because it is not clear
//! which number is the month.

/// A point in time or of the day, by which values are ordered: seconds and nanoseconds.
pub(super) type Moment = (i64, u32);

/// A time of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// A date, or a date with a time. Without an offset it is UTC.
    Date(Moment),
    /// A time of day.
    Clock(Moment),
}

/// Parses a time. Returns `None` if the text is not a time.
pub(super) fn parse(text: &[u8]) -> Option<Time> {
    if text.get(2) == Some(&b':') {
        let (second_of_day, nanos, rest) = time_of_day(text, true)?;
        return rest
            .is_empty()
            .then_some(Time::Clock((second_of_day, nanos)));
    }
    let [
        y0,
        y1,
        y2,
        y3,
        separator,
        m0,
        m1,
        second_separator,
        d0,
        d1,
        rest @ ..,
    ] = text
    else {
        return None;
    };
    if !matches!(separator, b'-' | b'/') || second_separator != separator {
        return None;
    }
    let year = two_digits(*y0, *y1)? * 100 + two_digits(*y2, *y3)?;
    let midnight = days(year, two_digits(*m0, *m1)?, two_digits(*d0, *d1)?)? * 86_400;
    if rest.is_empty() {
        return Some(Time::Date((midnight, 0)));
    }
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return None;
    };
    let (second_of_day, nanos, rest) = time_of_day(rest, false)?;
    Some(Time::Date((
        midnight + second_of_day - offset(rest)?,
        nanos,
    )))
}

/// Parses `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fraction`. Returns seconds, nanoseconds and the rest of the text.
fn time_of_day(text: &[u8], with_seconds: bool) -> Option<(i64, u32, &[u8])> {
    let [h0, h1, b':', m0, m1, rest @ ..] = text else {
        return None;
    };
    let (hour, minute) = (two_digits(*h0, *h1)?, two_digits(*m0, *m1)?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let start = hour * 3600 + minute * 60;
    let [b':', s0, s1, rest @ ..] = rest else {
        return (!with_seconds).then_some((start, 0, rest));
    };
    let second = two_digits(*s0, *s1).filter(|second| *second < 60)?;
    let [b'.', fraction @ ..] = rest else {
        return Some((start + second, 0, rest));
    };
    let length = fraction
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let digits = fraction[..length].iter().chain([b'0'; 9].iter()).take(9);
    let nanos = digits.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Some((start + second, nanos, &fraction[length..]))
}

/// Parses an offset, in seconds: empty, `Z`, `+01`, `+0100` or `+01:00`.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [h0, h1] => (two_digits(*h0, *h1)?, 0),
        [h0, h1, m0, m1] | [h0, h1, b':', m0, m1] => (two_digits(*h0, *h1)?, two_digits(*m0, *m1)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Counts the days since year 0. Returns `None` if the day does not exist.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // The year starts in March, so that the leap day is the last one.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + day,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_distinguished_from_other_text() {
        for text in [
            "2012-01-31",
            "2000-02-29",
            "2012/01/31",
            "2012/01/31 10:00:00",
            "2012-01-31T10:00",
            "2012-01-31 10:00:00",
            "2012-01-31T10:00:00.123456789Z",
            "2012-01-31T10:00:00+01",
            "2012-01-31T10:00:00-0130",
            "2012-01-31T23:59:59+01:30",
        ] {
            assert!(
                matches!(parse(text.as_bytes()), Some(Time::Date(_))),
                "{text}"
            );
        }
        for text in ["10:00:00", "23:59:59.5"] {
            assert!(
                matches!(parse(text.as_bytes()), Some(Time::Clock(_))),
                "{text}"
            );
        }
        for text in [
            "",
            "2012",
            "2012-1-31",
            "2012-13-01",
            "2012-02-30",
            "1900-02-29",
            "2012-01-00",
            "31-01-2012",
            "2012/01-31",
            "2012-01-31T",
            "2012-01-31T24:00:00",
            "2012-01-31T10:60",
            "2012-01-31T10:00:00.",
            "2012-01-31T10:00:00.1234567890",
            "2012-01-31T10:00:00+1",
            "2012-01-31X10:00",
            "10:00",
            "10:00:60",
            "10:00:00Z",
            "1:00:00",
            "Jan 1 2012",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn times_are_ordered_by_the_moment_and_not_by_the_text() {
        let order = [
            "2012-01-31T00:30:00+02:00",
            "2012-01-30T23:00:00Z",
            "2012-01-31",
            "2012-01-31T00:00:00.5Z",
            "2012-01-31T00:00:01Z",
            "2012-02-29",
            "2012-03-01",
        ];
        let moments = order.map(|text| match parse(text.as_bytes()) {
            Some(Time::Date(moment)) => moment,
            other => panic!("{text}: {other:?}"),
        });
        assert!(
            moments.is_sorted_by(|left, right| left < right),
            "{moments:?}"
        );
    }
}
