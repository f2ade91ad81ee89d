//! What a container writes about an attempt that is its own: beat, log, interrupt, finish.

use serde::Serialize;

use super::close::{exit_of_last, expire, expiry, verdict};
use super::write::attributes;
use super::{
    AttemptStatus, Attributes, Error, JobStatus, RUN_TIMED_OUT, Record, Who, Write, attempt_key,
    counter, counters_key, exit, job_key, result_key,
};
use crate::clock::Timestamp;

/// The attempt is ours: the fence of everything below. Only its holder can write, so no record need be read again.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Which attempt.
    pub(crate) who: Who,
    /// Of which execution.
    pub(crate) execution: String,
}

/// How far the function is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    /// Records done.
    pub(crate) done: u64,
    /// Of so many, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
}

/// What is known of a run at its end.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// How far it came.
    pub(crate) progress: Progress,
    /// Its last log lines.
    pub(crate) log: Vec<String>,
}

/// How the function ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With this result, JSON text.
    Succeeded(String),
    /// With an error that another attempt may not meet.
    Retryable(Error),
    /// With an error that every attempt would meet.
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
    /// Says that the runner lives, and how far it is.
    #[must_use]
    pub(crate) fn beat(&self, progress: Progress, now: Timestamp) -> Vec<Write> {
        vec![self.job(progress, now)]
    }

    /// Shows the last log lines while the attempt runs; nothing is counted by it or depends on it.
    #[must_use]
    pub(crate) fn show_log(&self, log: &[String]) -> Vec<Write> {
        vec![self.attempt().set(attributes! { "log": log })]
    }

    /// Marks the attempt for whoever takes it over; nothing is counted.
    #[must_use]
    pub(crate) fn interrupt(&self, report: &Report, now: Timestamp) -> Vec<Write> {
        let marked = attributes! {
            "interruptedAt": now.to_string(), "records": report.progress.done, "log": report.log,
        };
        vec![
            self.job(report.progress, now),
            self.attempt().set(marked).add("interruptions", 1),
        ]
    }

    /// Records the outcome, counts it and, where no attempt is left or none would help, ends the job: in one
    /// transaction. Returns the exit code that goes with it.
    #[must_use]
    pub(crate) fn finish(
        &self,
        outcome: &Outcome,
        report: &Report,
        now: Timestamp,
    ) -> (Vec<Write>, u8) {
        let Who {
            job_id,
            attempt,
            max_attempts,
            ..
        } = &self.who;
        let last = attempt + 1 >= *max_attempts;
        let (ended, exit_code) = match outcome {
            Outcome::Succeeded(_) => (Some(JobStatus::Succeeded), exit::DONE),
            Outcome::Permanent(_) => (Some(JobStatus::Failed), exit::DONE),
            Outcome::Retryable(_) if !last => (None, exit::RETRY),
            Outcome::Retryable(error) if error.code == RUN_TIMED_OUT => {
                (Some(JobStatus::TimedOut), exit_of_last(*max_attempts))
            }
            Outcome::Retryable(_) => (Some(JobStatus::Failed), exit_of_last(*max_attempts)),
        };

        let mut job = self.job(report.progress, now);
        let mut closed = attributes! {
            "status": outcome.attempt_status(), "finishedAt": now.to_string(),
            "records": report.progress.done, "log": report.log,
        };
        if let Some(error) = outcome.error() {
            closed.extend(attributes! { "error": error });
        }
        let mut others = Vec::new();
        if let Some(status) = ended {
            job = job.set(verdict(status, outcome.error(), now));
            closed.extend(attributes! { "expiresAt": expiry(now) });
            // All of them exist: Start has put the missing ones.
            others.extend((0..*attempt).map(|other| expire(job_id, other, now)));
        }
        let result = match outcome {
            Outcome::Succeeded(json) => Some(Write::put(
                result_key(job_id),
                attributes! { "json": json, "expiresAt": expiry(now) },
            )),
            _ => None,
        };
        let counted = if result.is_some() {
            counter::SUCCEED_JOB
        } else {
            counter::FAILED_JOB
        };
        let mut count = Write::update(counters_key(job_id)).add(counted, 1);
        if let Some(name) = ended.and_then(JobStatus::counter) {
            count = count.add(name, 1);
        }

        let mut writes = vec![job, self.attempt().set(closed)];
        writes.extend(others);
        writes.extend(result);
        writes.push(count);
        (writes, exit_code)
    }

    /// Whether this record holds the outcome that was sent: the answer was lost, not the write. A successor may have
    /// closed the attempt in our runner's name, so the time and the error must be ours too.
    #[must_use]
    pub(crate) fn recorded(
        &self,
        record: &Record,
        outcome: &Outcome,
        finished_at: Timestamp,
    ) -> bool {
        record.attempt(self.who.attempt).is_some_and(|attempt| {
            attempt.runner.as_ref() == Some(&self.who.runner)
                && attempt.status == outcome.attempt_status()
                && attempt.finished_at.as_deref() == Some(&finished_at.to_string())
                && attempt.error.as_ref() == outcome.error()
        })
    }

    /// Whether the attempt is still ours and open.
    #[must_use]
    pub(crate) fn holds(&self, record: &Record) -> bool {
        record.job.status == JobStatus::Running
            && record.job.execution == self.execution
            && record.job.attempt == Some(self.who.attempt)
            && record.job.runner.as_ref() == Some(&self.who.runner)
    }

    fn job(&self, progress: Progress, now: Timestamp) -> Write {
        Write::update(job_key(&self.who.job_id))
            .only_if(self.fence())
            .set(attributes! { "beat": now.to_string(), "progress": progress })
    }

    fn attempt(&self) -> Write {
        Write::update(attempt_key(&self.who.job_id, self.who.attempt))
            .only_if(attributes! { "status": AttemptStatus::Running, "runner": self.who.runner })
    }

    fn fence(&self) -> Attributes {
        attributes! {
            "execution": self.execution, "status": JobStatus::Running,
            "attempt": self.who.attempt, "runner": self.who.runner,
        }
    }
}
