//! Translates a write to expressions of `DynamoDB`.
//!
//! Every attribute name is a placeholder, because many of ours are reserved words.

use std::collections::HashMap;

use serde_json::Value;

use super::values::{Values, to_value};
use crate::protocol::{Action, Write};

/// The expressions of one write and the values of their placeholders. `None` stands for an empty one, because `DynamoDB`
/// rejects empty expressions.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    pub(super) update: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<Values>,
}

impl Expressions {
    pub(super) fn from_write(write: &Write) -> Self {
        let mut placeholders = Placeholders::default();
        let condition = write.condition.as_ref().map(|condition| {
            let terms = condition.iter().map(|(attribute, value)| {
                let name = placeholders.name(attribute);
                match value {
                    Value::Null => format!("attribute_not_exists({name})"),
                    value => format!("{name} = {}", placeholders.value("if", attribute, value)),
                }
            });
            terms.collect::<Vec<_>>().join(" AND ")
        });
        let update = match write.action {
            Action::Put(_) => None,
            Action::Update(_) => Some(placeholders.update(write)),
        };
        Self {
            update,
            condition,
            names: Some(placeholders.names).filter(|names| !names.is_empty()),
            values: Some(placeholders.values).filter(|values| !values.is_empty()),
        }
    }
}

#[derive(Default)]
struct Placeholders {
    names: HashMap<String, String>,
    values: Values,
}

impl Placeholders {
    fn name(&mut self, attribute: &str) -> String {
        let name = format!("#{attribute}");
        self.names.insert(name.clone(), attribute.to_owned());
        name
    }

    fn value(&mut self, role: &str, attribute: &str, value: &Value) -> String {
        let name = format!(":{role}_{attribute}");
        self.values.insert(name.clone(), to_value(value));
        name
    }

    fn update(&mut self, write: &Write) -> String {
        let mut sets = Vec::new();
        for (attribute, value) in &write.set {
            sets.push(format!(
                "{} = {}",
                self.name(attribute),
                self.value("set", attribute, value)
            ));
        }
        for (attribute, value) in &write.set_if_absent {
            let name = self.name(attribute);
            sets.push(format!(
                "{name} = if_not_exists({name}, {})",
                self.value("set", attribute, value)
            ));
        }
        let adds: Vec<_> = write
            .add
            .iter()
            .map(|(attribute, value)| {
                format!(
                    "{} {}",
                    self.name(attribute),
                    self.value("add", attribute, &Value::from(*value))
                )
            })
            .collect();
        let removes: Vec<_> = write
            .remove
            .iter()
            .map(|attribute| self.name(attribute))
            .collect();
        [("SET", sets), ("ADD", adds), ("REMOVE", removes)]
            .iter()
            .filter(|(_, terms)| !terms.is_empty())
            .map(|(verb, terms)| format!("{verb} {}", terms.join(", ")))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::{Assignment, Claim, Progress, Report};
    use crate::store::values::from_value;

    fn claim() -> Claim {
        Claim {
            assignment: Assignment {
                job_id: "a".into(),
                attempt: 1,
                max_attempts: 3,
                runner: "r".into(),
            },
            execution: "e".into(),
        }
    }

    #[test]
    fn a_heartbeat_has_an_update_and_a_condition() {
        let writes = claim().heartbeat(
            Progress {
                done: 7,
                total: None,
            },
            Timestamp::from_milliseconds(0),
        );
        let expressions = Expressions::from_write(&writes[0]);
        assert_eq!(
            expressions.update.unwrap(),
            "SET #beat = :set_beat, #progress = :set_progress"
        );
        assert_eq!(
            expressions.condition.unwrap(),
            "#attempt = :if_attempt AND #execution = :if_execution AND #runner = :if_runner AND #status = :if_status"
        );
        let values = expressions.values.unwrap();
        assert_eq!(values[":if_attempt"], AttributeValue::N("1".into()));
        assert_eq!(
            from_value(values[":set_progress"].clone()),
            json!({"done": 7})
        );
        assert_eq!(expressions.names.unwrap()["#status"], "status");
    }

    #[test]
    fn an_interruption_increases_a_number() {
        let report = Report {
            progress: Progress::default(),
            log: vec![],
        };
        let writes = claim().interrupt(&report, Timestamp::from_milliseconds(0));
        let update = Expressions::from_write(&writes[1]).update.unwrap();
        assert!(
            update.ends_with("ADD #interruptions :add_interruptions"),
            "{update}"
        );
    }
}
