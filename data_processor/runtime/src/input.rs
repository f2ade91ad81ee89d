//! Reads the function's typed input. Its errors name the field.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// Reads the input from JSON text. Invalid input is the permanent failure `InvalidInput`, which names the field and what is
/// allowed.
///
/// A type with its own `Deserialize` can extend the field's path: it starts the error's message with a dot.
pub fn read_input<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    // Parsed in two steps, because lines and columns of the stored text do not help the caller.
    let value: Value = serde_json::from_str(json)
        .map_err(|error| invalid_input(format!("input: not JSON: {error}")))?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let path = if path == "." {
            String::new()
        } else {
            format!(".{path}")
        };
        let separator = if message.starts_with('.') { "" } else { ": " };
        invalid_input(format!("input{path}{separator}{message}"))
    })
}

fn invalid_input(message: String) -> Failure {
    Failure::permanent("InvalidInput", message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code, reason = "only its errors are checked")]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only its errors are checked")]
        number: u8,
    }

    #[test]
    fn errors_name_the_field() {
        for (json, message) in [
            (
                "{",
                "input: not JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                "[]",
                "input: invalid length 0, expected struct Outer with 1 element",
            ),
            ("{}", "input: missing field `list`"),
            (
                r#"{"list":[{"number":300}]}"#,
                "input.list[0].number: invalid value: integer `300`, expected u8",
            ),
            (
                r#"{"list":[],"more":1}"#,
                "input.more: unknown field `more`, expected `list`",
            ),
        ] {
            assert_eq!(
                read_input::<Outer>(json).unwrap_err(),
                invalid_input(message.to_owned())
            );
        }
    }
}
