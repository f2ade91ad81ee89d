//! Calculates a summary naively: everything in memory, two passes, other code.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Generates a column of JSON values, some of them null.
pub(crate) fn column() -> impl Strategy<Value = Vec<Value>> {
    let number = prop_oneof![
        (-1_000_000_i64..1_000_000).prop_map(Value::from),
        (-1e6..1e6).prop_map(|number: f64| Value::from(number)),
        any::<i64>().prop_map(Value::from),
    ]
    .boxed();
    // This text cannot be taken for a number, a boolean or a time.
    let text = "[xyz][a-zä,\" \n]{0,300}".prop_map(Value::from).boxed();
    let boolean = any::<bool>().prop_map(Value::from).boxed();
    let day = (1_u32..13, 1_u32..29)
        .prop_map(|(month, day)| json!(format!("2012-{month:02}-{day:02}")))
        .boxed();
    let mixed = prop_oneof![number.clone(), text.clone(), boolean.clone(), day.clone()].boxed();
    prop_oneof![
        Just(number),
        Just(text),
        Just(boolean),
        Just(day),
        Just(mixed)
    ]
    .prop_flat_map(|kind| prop::collection::vec(prop_oneof![1 => Just(Value::Null), 4 => kind], 20))
}

fn csv_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes the records as CSV with all fields quoted.
pub(crate) fn csv(columns: &[Vec<Value>], records: usize) -> String {
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
    let mut lines = vec![
        (0..columns.len())
            .map(|index| format!("c{index}"))
            .collect::<Vec<_>>(),
    ];
    lines.extend((0..records).map(|record| {
        columns
            .iter()
            .map(|column| quoted(csv_text(&column[record])))
            .collect()
    }));
    lines
        .into_iter()
        .map(|line| line.join(",") + "\n")
        .collect()
}

/// Writes the records as NDJSON.
pub(crate) fn ndjson(columns: &[Vec<Value>], records: usize) -> String {
    let record = |record: usize| -> Value {
        columns
            .iter()
            .enumerate()
            .map(|(index, column)| (format!("c{index}"), column[record].clone()))
            .collect()
    };
    (0..records)
        .map(|index| record(index).to_string() + "\n")
        .collect()
}

fn truncate(text: &str) -> String {
    let mut end = text.len().min(256);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::String(text) if text.starts_with("2012-") => "time",
        _ => "text",
    }
}

fn naive_summary(values: &[Value]) -> Value {
    let values: Vec<_> = values.iter().filter(|value| !value.is_null()).collect();
    let mut kinds: Vec<_> = values.iter().map(|value| kind_of(value)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kind = match kinds.as_slice() {
        [] => "text",
        [kind] => kind,
        _ => "mixed",
    };
    let mut summary = json!({"kind": kind, "count": values.len(), "min": null, "max": null});
    if kind == "number" {
        let numbers: Vec<f64> = values.iter().map(|value| value.as_f64().unwrap()).collect();
        let (count, sum) = (numbers.len() as f64, numbers.iter().sum::<f64>());
        let mean = sum / count;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        summary["min"] = json!(numbers.iter().copied().fold(f64::INFINITY, f64::min));
        summary["max"] = json!(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        summary["mean"] = json!(mean);
        summary["stddev"] = if count > 1.0 {
            json!((squares / (count - 1.0)).sqrt())
        } else {
            Value::Null
        };
    } else {
        let texts: Vec<_> = values
            .iter()
            .map(|value| truncate(&csv_text(value)))
            .collect();
        let typed = |text: &String| {
            if kind == "boolean" {
                json!(text == "true")
            } else {
                json!(text)
            }
        };
        summary["min"] = texts.iter().min().map_or(Value::Null, typed);
        summary["max"] = texts.iter().max().map_or(Value::Null, typed);
    }
    summary
}

/// Compares two values, numbers to eleven digits, because the order of additions differs.
fn agree(ours: &Value, naive: &Value) -> bool {
    match (ours.as_f64(), naive.as_f64()) {
        (Some(ours), Some(naive)) => {
            (ours - naive).abs() <= 1e-11 * ours.abs().max(naive.abs()).max(1.0)
        }
        _ => ours == naive,
    }
}

/// Checks that a summary agrees with the naive one.
pub(crate) fn check(
    summary: &Value,
    columns: &[Vec<Value>],
    records: usize,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(&summary["records"], &json!(records));
    for (index, values) in columns.iter().enumerate() {
        let (ours, naive) = (&summary["columns"][index], naive_summary(values));
        prop_assert_eq!(&ours["name"], &json!(format!("c{index}")));
        prop_assert_eq!(
            ours["nulls"].as_u64().unwrap() + ours["count"].as_u64().unwrap(),
            records as u64
        );
        for (name, expected) in naive.as_object().unwrap() {
            // If numbers nearly cancel each other, their mean has few exact digits: the tolerance follows the largest number.
            let is_approximate = name == "mean" || name == "stddev";
            let scale = ours["max"]
                .as_f64()
                .unwrap_or(1.0)
                .abs()
                .max(ours["min"].as_f64().unwrap_or(1.0).abs());
            let near = is_approximate
                && matches!((ours[name].as_f64(), expected.as_f64()),
                    (Some(ours), Some(naive)) if (ours - naive).abs() <= 1e-11 * scale);
            prop_assert!(
                near || agree(&ours[name], expected),
                "{}: {} is not {}",
                name,
                ours,
                naive
            );
        }
        prop_assert_eq!(ours.get("mean").is_some(), ours["kind"] == "number");
    }
    Ok(())
}
