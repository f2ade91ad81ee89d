//! Reads the function's typed input, and says what is wrong with it in terms of its fields.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// The input of this JSON text; a permanent failure, `InvalidInput`, that names the field and what is allowed there.
///
/// A type that reads itself may continue the field's path by beginning its error's message with a dot.
pub fn read_input<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    // In two steps, because the text's own lines and columns mean nothing to whoever posted it.
    let value: Value =
        serde_json::from_str(json).map_err(|error| invalid(format!("input: not JSON: {error}")))?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let path = if path == "." {
            String::new()
        } else {
            format!(".{path}")
        };
        let separator = if message.starts_with('.') { "" } else { ": " };
        invalid(format!("input{path}{separator}{message}"))
    })
}

fn invalid(message: String) -> Failure {
    Failure::permanent("InvalidInput", message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code, reason = "only its errors are looked at")]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only its errors are looked at")]
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
                invalid(message.to_owned())
            );
        }
    }
}
