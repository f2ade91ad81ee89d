//! Converts items between JSON and `DynamoDB`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Number, Value};

use crate::protocol::Attributes;

pub(super) type Values = HashMap<String, AttributeValue>;

pub(super) fn to_values(attributes: &Attributes) -> Values {
    attributes
        .iter()
        .map(|(name, value)| (name.clone(), to_value(value)))
        .collect()
}

pub(super) fn to_value(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(to_value).collect()),
        Value::Object(attributes) => AttributeValue::M(to_values(attributes)),
    }
}

pub(super) fn to_attributes(values: Values) -> Attributes {
    values
        .into_iter()
        .map(|(name, value)| (name, from_value(value)))
        .collect()
}

/// Converts a value to JSON. Our items do not contain sets and binary values, so these become null.
pub(super) fn from_value(value: AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::N(text) => text.parse::<Number>().map_or(Value::Null, Value::Number),
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::L(values) => Value::Array(values.into_iter().map(from_value).collect()),
        AttributeValue::M(values) => Value::Object(to_attributes(values)),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_survives_both_conversions() {
        let item =
            json!({"text": "t", "number": 12, "list": ["a", {"deep": true}], "nothing": null});
        let Value::Object(item) = item else {
            unreachable!()
        };
        assert_eq!(to_attributes(to_values(&item)), item);
    }
}
