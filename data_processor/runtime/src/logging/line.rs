//! Formats a log line.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::clock::Timestamp;
use crate::text::truncate;

/// The maximum length of one text in a line: one value must not displace all other lines.
const TEXT_BYTES: usize = 2_048;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    time: String,
    level: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// Formats an event as JSON.
pub(super) fn format_event(event: &Event<'_>, job: Option<&(String, u32)>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let line = Line {
        time: Timestamp::now().to_string(),
        level: match *event.metadata().level() {
            tracing::Level::ERROR => "error",
            tracing::Level::WARN => "warn",
            _ => "info",
        },
        message: fields.message,
        job_id: job.map(|(job_id, _)| job_id.as_str()),
        attempt: job.map(|(_, attempt)| *attempt),
        fields: fields.others,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        let name = match field.name() {
            // The names of the line's own fields are reserved.
            name @ ("time" | "level" | "jobId" | "attempt") => format!("field.{name}"),
            name => name.to_owned(),
        };
        self.others.insert(name, value);
    }

    fn text(&mut self, field: &Field, text: &str) {
        let text = truncate(text, TEXT_BYTES).to_owned();
        if field.name() == "message" {
            self.message = text;
        } else {
            self.insert(field, text.into());
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }
}
