//! What the table holds of one job, as the container needs it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AttemptStatus, Attributes, ERROR_MESSAGE_BYTES, JobStatus};
use crate::clock::Timestamp;
use crate::text::cut;

/// Why an attempt or a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Error {
    /// For programs: one word.
    pub(crate) code: String,
    /// For people: one sentence.
    pub(crate) message: String,
}

impl Error {
    /// An error within the bounds of the table.
    #[must_use]
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self {
            code: cut(code, 128).into(),
            message: cut(message, ERROR_MESSAGE_BYTES).into(),
        }
    }
}

/// The job item: its fence (execution, attempt, runner) and its state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Job {
    /// Where the job stands.
    pub(crate) status: JobStatus,
    /// The execution that owns the job.
    pub(crate) execution: String,
    /// The highest attempt started.
    pub(crate) attempt: Option<u32>,
    /// Who runs it.
    pub(crate) runner: Option<String>,
    /// When that runner was last heard of.
    pub(crate) beat: Option<String>,
    #[serde(rename = "expiresAt")]
    expires_at: Option<i64>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    /// Its number, from 0.
    #[serde(rename = "attempt")]
    pub(crate) number: u32,
    /// Where it stands.
    pub(crate) status: AttemptStatus,
    /// Who runs it, or ran it last; none if no container ever reached the table.
    pub(crate) runner: Option<String>,
    /// When it ended.
    pub(crate) finished_at: Option<String>,
    /// Why it failed.
    pub(crate) error: Option<Error>,
    /// When its runner was told to stop, if nobody has taken it over since.
    pub(crate) interrupted_at: Option<String>,
    /// How often that happened.
    #[serde(default)]
    pub(crate) interruptions: u32,
}

/// All of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// The job item.
    pub(crate) job: Job,
    /// Its attempts in order; one whose container never reached the table is missing.
    pub(crate) attempts: Vec<Attempt>,
    /// The text of its input.
    pub(crate) input: Option<String>,
}

/// An item of the job's partition is not of the expected form.
#[derive(Debug, thiserror::Error)]
#[error("the item {sort_key} cannot be read: {source}")]
pub(crate) struct UnreadableRecord {
    sort_key: String,
    source: serde_json::Error,
}

impl Record {
    /// Puts the items of one partition together: none if there is no job, or it has expired and waits to be removed.
    pub(crate) fn from_items(
        items: Vec<Attributes>,
        now: Timestamp,
    ) -> Result<Option<Self>, UnreadableRecord> {
        let (mut job, mut attempts, mut input) = (None::<Job>, Vec::<Attempt>::new(), None);
        for mut item in items {
            let sort_key = item
                .get("sk")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let unreadable = |source| UnreadableRecord {
                sort_key: sort_key.clone(),
                source,
            };
            if sort_key == "JOB" {
                job = Some(serde_json::from_value(Value::Object(item)).map_err(unreadable)?);
            } else if sort_key.starts_with("ATTEMPT#") {
                attempts.push(serde_json::from_value(Value::Object(item)).map_err(unreadable)?);
            } else if sort_key == "INPUT"
                && let Some(Value::String(json)) = item.remove("json")
            {
                input = Some(json);
            }
        }
        attempts.sort_by_key(|attempt| attempt.number);
        Ok(job
            .filter(|job| {
                job.expires_at
                    .is_none_or(|expires_at| expires_at > now.seconds())
            })
            .map(|job| Self {
                job,
                attempts,
                input,
            }))
    }

    /// The attempt of this number, if any container or its successor has recorded it.
    #[must_use]
    pub(crate) fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.number == number)
    }
}
