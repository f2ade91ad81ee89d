//! Closes attempts that were left open, and ends the job.

use super::write::attributes;
use super::{
    Attempt, AttemptStatus, Attributes, Error, Job, JobStatus, MACHINE_ATTEMPTS, RETENTION_DAYS,
    Record, Write, attempt_key, attempt_lost, counter, counters_key, exit,
};
use crate::clock::Timestamp;

/// Builds the condition that the job item still has the fence that was read.
pub(super) fn job_fence(job: &Job) -> Attributes {
    attributes! { "execution": job.execution, "status": job.status, "attempt": job.attempt, "runner": job.runner }
}

/// Calculates when the items of a job that ends now expire, in seconds since 1970.
pub(super) fn expiry_time(now: Timestamp) -> i64 {
    now.seconds() + RETENTION_DAYS * 24 * 60 * 60
}

/// Builds the attributes of a job item that record the job's verdict.
pub(super) fn verdict_attributes(
    status: JobStatus,
    error: Option<&Error>,
    now: Timestamp,
) -> Attributes {
    let mut verdict = attributes! {
        "status": status, "finishedAt": now.to_string(), "expiresAt": expiry_time(now),
    };
    if let Some(error) = error {
        verdict.extend(attributes! { "error": error });
    }
    verdict
}

/// Builds the attributes of an attempt item that record its failure. It gets an expiry time only if the job ends too.
pub(super) fn failure_attributes(error: &Error, now: Timestamp, job_ends: bool) -> Attributes {
    let mut failure = attributes! { "status": AttemptStatus::Failed, "finishedAt": now.to_string(), "error": error };
    if job_ends {
        failure.extend(attributes! { "expiresAt": expiry_time(now) });
    }
    failure
}

/// Sets the expiry time of a closed attempt.
pub(super) fn set_expiry(job_id: &str, attempt: u32, now: Timestamp) -> Write {
    Write::update(attempt_key(job_id, attempt)).set(attributes! { "expiresAt": expiry_time(now) })
}

/// Builds the condition that the attempt is still open and held by the runner that was read.
pub(super) fn attempt_fence(attempt: &Attempt) -> Attributes {
    attributes! { "status": AttemptStatus::Running, "runner": attempt.runner }
}

/// Returns the exit code after a job's last failure. If the job may have fewer attempts than the state machine makes, only
/// exit code 0 stops the state machine.
pub(super) fn exit_code_after_last_failure(max_attempts: u32) -> u8 {
    if max_attempts < MACHINE_ATTEMPTS {
        exit::DONE
    } else {
        exit::RETRY
    }
}

/// The writes that close attempts, and the counts that belong to them.
pub(super) struct ClosedAttempts {
    pub(super) writes: Vec<Write>,
    failed: u32,
    retries: u32,
}

impl ClosedAttempts {
    /// Closes every open attempt below this number and counts it. This includes missing attempts, whose containers never
    /// reached the table.
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
                    lost.extend(failure_attributes(&attempt_lost(), now, job_ends));
                    closed
                        .writes
                        .push(Write::create(attempt_key(job_id, number), lost));
                    closed.failed += 1;
                    closed.retries += u32::from(number > 0);
                }
                Some(attempt) if attempt.status == AttemptStatus::Running => {
                    let lost = Write::update(attempt_key(job_id, number))
                        .only_if(attempt_fence(attempt))
                        .set(failure_attributes(&attempt_lost(), now, job_ends))
                        .remove("interruptedAt");
                    closed.writes.push(lost);
                    closed.failed += 1;
                }
                Some(_) if job_ends => closed.writes.push(set_expiry(job_id, number, now)),
                Some(_) => {}
            }
        }
        closed
    }

    /// Builds the write to the counters: the closed attempts, with the retries and the verdict of the same transaction.
    pub(super) fn count(
        &self,
        job_id: &str,
        retries: u32,
        verdict: Option<JobStatus>,
    ) -> Option<Write> {
        let mut write = Write::update(counters_key(job_id))
            .add(counter::FAILED_JOB, self.failed)
            .add(counter::JOB_RETRY, self.retries + retries);
        if let Some(name) = verdict.and_then(JobStatus::counter) {
            write = write.add(name, 1);
        }
        (!write.add.is_empty()).then_some(write)
    }
}
