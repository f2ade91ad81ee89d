//! Closing what others left open, and ending the job.

use super::write::attributes;
use super::{
    Attempt, AttemptStatus, Attributes, Error, Job, JobStatus, MACHINE_ATTEMPTS, RETENTION_DAYS,
    Record, Write, attempt_key, attempt_lost, counter, counters_key, exit,
};
use crate::clock::Timestamp;

/// What the job item must still be for a write to count: the fence, as it was read.
pub(super) fn fence(job: &Job) -> Attributes {
    attributes! { "execution": job.execution, "status": job.status, "attempt": job.attempt, "runner": job.runner }
}

/// Epoch seconds at which the items of a job that ends now expire.
pub(super) fn expiry(now: Timestamp) -> i64 {
    now.seconds() + RETENTION_DAYS * 24 * 60 * 60
}

/// The job's end, as its own item tells it.
pub(super) fn verdict(status: JobStatus, error: Option<&Error>, now: Timestamp) -> Attributes {
    let mut verdict = attributes! {
        "status": status, "finishedAt": now.to_string(), "expiresAt": expiry(now),
    };
    if let Some(error) = error {
        verdict.extend(attributes! { "error": error });
    }
    verdict
}

/// An attempt's failure, as its own item tells it; it expires only with a job that has ended.
pub(super) fn failed(error: &Error, now: Timestamp, job_ends: bool) -> Attributes {
    let mut failed = attributes! { "status": AttemptStatus::Failed, "finishedAt": now.to_string(), "error": error };
    if job_ends {
        failed.extend(attributes! { "expiresAt": expiry(now) });
    }
    failed
}

/// A closed attempt learns when it expires.
pub(super) fn expire(job_id: &str, attempt: u32, now: Timestamp) -> Write {
    Write::update(attempt_key(job_id, attempt)).set(attributes! { "expiresAt": expiry(now) })
}

/// What an attempt must still be for a write to count.
pub(super) fn held(attempt: &Attempt) -> Attributes {
    attributes! { "status": AttemptStatus::Running, "runner": attempt.runner }
}

/// The code after a job's last failure. Where the state machine would try again although fewer attempts were asked
/// for, only success stops it.
pub(super) fn exit_of_last(max_attempts: u32) -> u8 {
    if max_attempts < MACHINE_ATTEMPTS {
        exit::DONE
    } else {
        exit::RETRY
    }
}

/// Writes that close attempts, and what they count.
pub(super) struct Closed {
    pub(super) writes: Vec<Write>,
    failed: u32,
    retries: u32,
}

impl Closed {
    /// Every attempt below this number gets an end, and is counted if nobody has: the missing ones too, whose
    /// containers never reached the table.
    pub(super) fn below(
        number: u32,
        record: &Record,
        job_id: &str,
        now: Timestamp,
        job_ends: bool,
    ) -> Self {
        let mut closed = Self {
            writes: Vec::new(),
            failed: 0,
            retries: 0,
        };
        for number in 0..number {
            match record.attempt(number) {
                None => {
                    let mut lost = attributes! { "attempt": number };
                    lost.extend(failed(&attempt_lost(), now, job_ends));
                    closed
                        .writes
                        .push(Write::create(attempt_key(job_id, number), lost));
                    closed.failed += 1;
                    closed.retries += u32::from(number > 0);
                }
                Some(attempt) if attempt.status == AttemptStatus::Running => {
                    let lost = Write::update(attempt_key(job_id, number))
                        .only_if(held(attempt))
                        .set(failed(&attempt_lost(), now, job_ends))
                        .remove("interruptedAt");
                    closed.writes.push(lost);
                    closed.failed += 1;
                }
                Some(_) if job_ends => closed.writes.push(expire(job_id, number, now)),
                Some(_) => {}
            }
        }
        closed
    }

    /// The counters' write: what was closed, and the attempt or the verdict that comes with it.
    pub(super) fn count(
        &self,
        job_id: &str,
        retries: u32,
        ended: Option<JobStatus>,
    ) -> Option<Write> {
        let mut write = Write::update(counters_key(job_id))
            .add(counter::FAILED_JOB, self.failed)
            .add(counter::JOB_RETRY, self.retries + retries);
        if let Some(name) = ended.and_then(JobStatus::counter) {
            write = write.add(name, 1);
        }
        (!write.add.is_empty()).then_some(write)
    }
}
