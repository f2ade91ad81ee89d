//! The record of one job in the table, as far as the container needs it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AttemptStatus, Attributes, ERROR_MESSAGE_BYTES, JobStatus};
use crate::clock::Timestamp;
use crate::text::truncate;

const ERROR_CODE_BYTES: usize = 128;

/// Why an attempt or a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Error {
    /// One word, for programs.
    pub(crate) code: String,
    /// One sentence, for people.
    pub(crate) message: String,
}

impl Error {
    /// Creates an error whose texts are truncated to the table's limits.
    #[must_use]
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self {
            code: truncate(code, ERROR_CODE_BYTES).into(),
            message: truncate(message, ERROR_MESSAGE_BYTES).into(),
        }
    }
}

/// The job item: its fence (execution, attempt, runner) and its state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Job {
    /// The job's status.
    pub(crate) status: JobStatus,
    /// The fence of the execution that owns the job.
    pub(crate) execution: String,
    /// The number of the latest attempt that was started.
    pub(crate) attempt: Option<u32>,
    /// The runner that holds that attempt.
    pub(crate) runner: Option<String>,
    /// The time of that runner's latest heartbeat, by its own clock.
    #[serde(rename = "beat")]
    pub(crate) heartbeat: Option<String>,
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
    /// Its status.
    pub(crate) status: AttemptStatus,
    /// The runner that holds it or held it last; absent if its container never reached the table.
    pub(crate) runner: Option<String>,
    /// When it ended.
    pub(crate) finished_at: Option<String>,
    /// Why it failed.
    pub(crate) error: Option<Error>,
    /// When its runner was interrupted; absent again once another runner has taken the attempt over.
    pub(crate) interrupted_at: Option<String>,
    /// How often it was interrupted.
    #[serde(default)]
    pub(crate) interruptions: u32,
}

/// All items of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// The job item.
    pub(crate) job: Job,
    /// Its attempts in order. An attempt whose container never reached the table is missing.
    pub(crate) attempts: Vec<Attempt>,
    /// Its input, JSON text.
    pub(crate) input: Option<String>,
}

/// An item of the job's partition does not have the expected form.
#[derive(Debug, thiserror::Error)]
#[error("the item {sort_key} cannot be read: {source}")]
pub(crate) struct UnreadableRecord {
    sort_key: String,
    source: serde_json::Error,
}

impl Record {
    /// Builds a record from the items of one partition. Returns `None` if the job does not exist or has expired and
    /// waits for its removal.
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

    /// Returns the attempt with this number, if a container has recorded it: its own or a later one.
    #[must_use]
    pub(crate) fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.number == number)
    }
}
