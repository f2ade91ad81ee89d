//! Compares the summary with a naive one: everything in memory, two passes, other code.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod naive;
mod support;

use proptest::prelude::*;
use serde_json::json;
use support::summarise;

use naive::{check, column, csv, ndjson};

proptest! {
    #[test]
    fn csv_agrees_with_the_naive_summary(columns in prop::collection::vec(column(), 1..5)) {
        check(&summarise("csv", &csv(&columns, 20)).unwrap(), &columns, 20)?;
    }

    #[test]
    fn ndjson_agrees_with_the_naive_summary(columns in prop::collection::vec(column(), 1..5)) {
        check(&summarise("ndjson", &ndjson(&columns, 20)).unwrap(), &columns, 20)?;
    }

    /// Any text leads to a summary, or to a permanent failure that names a record.
    #[test]
    fn any_text_is_summarised_or_rejected(text in "[a1,\"{}:\\\\\n\r ä-]{0,80}", format in prop_oneof![Just("csv"), Just("ndjson")]) {
        if let Err(failure) = summarise(format, &text) {
            prop_assert!(failure.to_string().starts_with("InvalidRecord: record "), "{}", failure);
        }
    }
}

#[test]
fn integers_too_large_for_a_float_stay_exact() {
    let summary = summarise("csv", "n\n9007199254740993\n-9223372036854775808\n").unwrap();
    assert_eq!(summary["columns"][0]["max"].to_string(), "9007199254740993");
    assert_eq!(
        summary["columns"][0]["min"].to_string(),
        "-9223372036854775808"
    );
}

#[test]
fn empty_data_is_summarised() {
    assert_eq!(
        summarise("csv", "").unwrap(),
        json!({"records": 0, "columns": []})
    );
    assert_eq!(
        summarise("ndjson", "\n \n").unwrap(),
        json!({"records": 0, "columns": []})
    );
    let column =
        json!({"name": "a", "kind": "text", "count": 0, "nulls": 0, "min": null, "max": null});
    assert_eq!(
        summarise("csv", "a\n").unwrap(),
        json!({"records": 0, "columns": [column]})
    );
}

#[test]
fn ndjson_records_may_have_different_columns() {
    let data = r#"{"a":1}
{"b":[1, {"c":2}],"a":null}

{"b":"x\n","a":3,"a":100}"#;
    let summary = summarise("ndjson", data).unwrap();
    assert_eq!(summary["records"], 3);
    let (a, b) = (&summary["columns"][0], &summary["columns"][1]);
    assert_eq!(
        (&a["count"], &a["nulls"], &a["max"]),
        (&json!(2), &json!(1), &json!(3))
    );
    assert_eq!((&b["kind"], &b["nulls"]), (&json!("text"), &json!(1)));
    assert_eq!(
        (&b["min"], &b["max"]),
        (&json!("[1, {\"c\":2}]"), &json!("x\n"))
    );
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_name() {
    assert_eq!(
        summarise("csv", "\u{feff}a,b\n1,2\n").unwrap()["columns"][0]["name"],
        "a"
    );
    assert_eq!(
        summarise("ndjson", "\u{feff}{\"a\":1}\n").unwrap()["columns"][0]["name"],
        "a"
    );
}

#[test]
fn data_that_exceeds_a_limit_is_a_named_failure() {
    let wide = vec!["c"; 1001].join(",");
    let long = format!("a,b\n1,{}\n", "x".repeat(1024 * 1024));
    let keys: Vec<_> = (0..1001).map(|key| format!("\"{key}\":1")).collect();
    for (format, data, expected) in [
        (
            "csv",
            wide.as_str(),
            "TooManyColumns: the data has more than 1000 columns",
        ),
        (
            "ndjson",
            &format!("{{{}}}", keys.join(",")),
            "TooManyColumns: the data has more than 1000 columns",
        ),
        (
            "csv",
            &long,
            "InvalidRecord: record 1 is longer than 1048576 bytes",
        ),
        (
            "ndjson",
            &long,
            "InvalidRecord: record 1: expected value at line 1 column 1",
        ),
        (
            "ndjson",
            &long[4..],
            "InvalidRecord: record 1 is longer than 1048576 bytes",
        ),
        (
            "csv",
            "a,b\n1,2\n3\n",
            "InvalidRecord: record 2 (ends before line 4) has 1 fields; the header has 2",
        ),
        (
            "ndjson",
            "{}\n[1]\n",
            "InvalidRecord: record 2: invalid type: sequence, expected a JSON object at line 1 column 0",
        ),
        (
            "ndjson",
            "{\"a\":1} x",
            "InvalidRecord: record 1: trailing characters at line 1 column 9",
        ),
    ] {
        assert_eq!(
            summarise(format, data).unwrap_err().to_string(),
            expected,
            "{format}"
        );
    }
    let maximum = vec!["c"; 1000].join(",");
    assert_eq!(
        summarise("csv", &maximum).unwrap()["columns"]
            .as_array()
            .unwrap()
            .len(),
        1000
    );
}
