//! What a container writes about the attempt that it holds: heartbeat, log, interruption and outcome.

use serde::Serialize;

use super::close::{exit_code_after_last_failure, expiry_time, set_expiry, verdict_attributes};
use super::write::attributes;
use super::{
    Assignment, AttemptStatus, Attributes, Error, JobStatus, RUN_TIMED_OUT, Record, Write,
    attempt_key, counter, counters_key, exit, job_key, result_key,
};
use crate::clock::Timestamp;

/// The right to write about an attempt. Every write has the claim as its condition, so the record need not be read again.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// The attempt and its runner.
    pub(crate) assignment: Assignment,
    /// The fence of the execution that owns the job.
    pub(crate) execution: String,
}

/// The function's progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    /// The number of records processed.
    pub(crate) done: u64,
    /// The number of all records, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
}

/// The progress and the log of a run at its end.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Its progress.
    pub(crate) progress: Progress,
    /// Its last log lines.
    pub(crate) log: Vec<String>,
}

/// The outcome of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A result, JSON text.
    Succeeded(String),
    /// An error that another attempt may not have.
    Retryable(Error),
    /// An error that every attempt would have.
    Permanent(Error),
}

impl Outcome {
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Succeeded(_) => None,
            Self::Retryable(error) | Self::Permanent(error) => Some(error),
        }
    }

    fn attempt_status(&self) -> AttemptStatus {
        if self.error().is_none() {
            AttemptStatus::Succeeded
        } else {
            AttemptStatus::Failed
        }
    }
}

impl Claim {
    /// Builds the heartbeat: the runner's time and the progress.
    #[must_use]
    pub(crate) fn heartbeat(&self, progress: Progress, now: Timestamp) -> Vec<Write> {
        vec![self.job_write(progress, now)]
    }

    /// Builds the write of the last log lines while the attempt runs. It does not count anything.
    #[must_use]
    pub(crate) fn publish_log(&self, log: &[String]) -> Vec<Write> {
        vec![self.attempt_write().set(attributes! { "log": log })]
    }

    /// Marks the attempt as interrupted, so that another runner can take it over at once. It does not count an outcome.
    #[must_use]
    pub(crate) fn interrupt(&self, report: &Report, now: Timestamp) -> Vec<Write> {
        let interruption = attributes! {
            "interruptedAt": now.to_string(), "records": report.progress.done, "log": report.log,
        };
        vec![
            self.job_write(report.progress, now),
            self.attempt_write()
                .set(interruption)
                .add("interruptions", 1),
        ]
    }

    /// Records and counts the outcome in one transaction. It also ends the job, unless another attempt follows. Returns the
    /// transaction and the exit code that belongs to it.
    #[must_use]
    pub(crate) fn finish(
        &self,
        outcome: &Outcome,
        report: &Report,
        now: Timestamp,
    ) -> (Vec<Write>, u8) {
        let Assignment {
            job_id,
            attempt,
            max_attempts,
            ..
        } = &self.assignment;
        let is_last = attempt + 1 >= *max_attempts;
        let (job_verdict, exit_code) = match outcome {
            Outcome::Succeeded(_) => (Some(JobStatus::Succeeded), exit::DONE),
            Outcome::Permanent(_) => (Some(JobStatus::Failed), exit::DONE),
            Outcome::Retryable(_) if !is_last => (None, exit::RETRY),
            Outcome::Retryable(error) if error.code == RUN_TIMED_OUT => (
                Some(JobStatus::TimedOut),
                exit_code_after_last_failure(*max_attempts),
            ),
            Outcome::Retryable(_) => (
                Some(JobStatus::Failed),
                exit_code_after_last_failure(*max_attempts),
            ),
        };

        let mut job = self.job_write(report.progress, now);
        let mut attempt_end = attributes! {
            "status": outcome.attempt_status(), "finishedAt": now.to_string(),
            "records": report.progress.done, "log": report.log,
        };
        if let Some(error) = outcome.error() {
            attempt_end.extend(attributes! { "error": error });
        }
        let mut earlier = Vec::new();
        if let Some(status) = job_verdict {
            job = job.set(verdict_attributes(status, outcome.error(), now));
            attempt_end.extend(attributes! { "expiresAt": expiry_time(now) });
            // All earlier attempts exist, because Start has created the missing ones.
            earlier.extend((0..*attempt).map(|number| set_expiry(job_id, number, now)));
        }
        let result = match outcome {
            Outcome::Succeeded(json) => Some(Write::put(
                result_key(job_id),
                attributes! { "json": json, "expiresAt": expiry_time(now) },
            )),
            _ => None,
        };
        let attempt_counter = if result.is_some() {
            counter::SUCCEED_JOB
        } else {
            counter::FAILED_JOB
        };
        let mut count = Write::update(counters_key(job_id)).add(attempt_counter, 1);
        if let Some(name) = job_verdict.and_then(JobStatus::counter) {
            count = count.add(name, 1);
        }

        let mut writes = vec![job, self.attempt_write().set(attempt_end)];
        writes.extend(earlier);
        writes.extend(result);
        writes.push(count);
        (writes, exit_code)
    }

    /// Tests whether this record has the outcome that was sent: then only the response was lost. Another container can have
    /// closed the attempt, with this runner still in it, so the time and the error must be the sent ones too.
    #[must_use]
    pub(crate) fn is_recorded(
        &self,
        record: &Record,
        outcome: &Outcome,
        finished_at: Timestamp,
    ) -> bool {
        record
            .attempt(self.assignment.attempt)
            .is_some_and(|attempt| {
                attempt.runner.as_ref() == Some(&self.assignment.runner)
                    && attempt.status == outcome.attempt_status()
                    && attempt.finished_at.as_deref() == Some(&finished_at.to_string())
                    && attempt.error.as_ref() == outcome.error()
            })
    }

    /// Tests whether this runner still holds the attempt and the job is running.
    #[must_use]
    pub(crate) fn is_held(&self, record: &Record) -> bool {
        record.job.status == JobStatus::Running
            && record.job.execution == self.execution
            && record.job.attempt == Some(self.assignment.attempt)
            && record.job.runner.as_ref() == Some(&self.assignment.runner)
    }

    fn job_write(&self, progress: Progress, now: Timestamp) -> Write {
        Write::update(job_key(&self.assignment.job_id))
            .only_if(self.fence())
            .set(attributes! { "beat": now.to_string(), "progress": progress })
    }

    fn attempt_write(&self) -> Write {
        Write::update(attempt_key(
            &self.assignment.job_id,
            self.assignment.attempt,
        ))
        .only_if(attributes! { "status": AttemptStatus::Running, "runner": self.assignment.runner })
    }

    fn fence(&self) -> Attributes {
        attributes! {
            "execution": self.execution, "status": JobStatus::Running,
            "attempt": self.assignment.attempt, "runner": self.assignment.runner,
        }
    }
}
