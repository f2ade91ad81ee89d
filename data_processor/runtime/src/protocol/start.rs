//! Start: decides what a container does after it has read the record.

use super::close::{
    ClosedAttempts, attempt_fence, exit_code_after_last_failure, failure_attributes, job_fence,
    set_expiry, verdict_attributes,
};
use super::write::attributes;
use super::{
    Attempt, AttemptStatus, INTERRUPTIONS, JobStatus, Record, Write, attempt_interrupted,
    attempt_key, attempt_lost, counter, counters_key, exit, job_key,
};
use crate::clock::Timestamp;

/// The attempt that this process was started for.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    /// The job's id.
    pub(crate) job_id: String,
    /// The attempt's number, from 0.
    pub(crate) attempt: u32,
    /// How many attempts the job may have.
    pub(crate) max_attempts: u32,
    /// The id of this process. It is random, because the name of a pod can be used again.
    pub(crate) runner: String,
}

/// What a container does with its attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StartDecision {
    /// Write these to claim the attempt, then run the function.
    Claim(Vec<Write>),
    /// Run the function: this runner holds the attempt already, because the response to its write was lost.
    AlreadyClaimed,
    /// Watch the heartbeat of the runner that holds the attempt.
    Watch,
    /// Write these, if any, and exit with this code.
    Exit(Vec<Write>, u8),
}

/// Decides what a container does. `holder_silent`: by this machine's clock, the heartbeat in this record has not changed
/// for three intervals.
#[must_use]
pub(crate) fn decide_start(
    record: &Record,
    assignment: &Assignment,
    now: Timestamp,
    holder_silent: bool,
) -> StartDecision {
    let job = &record.job;
    if job.status.is_terminal() {
        return StartDecision::Exit(Vec::new(), exit::DONE);
    }
    let later_attempt_exists = job
        .attempt
        .is_some_and(|attempt| attempt > assignment.attempt)
        || record
            .attempts
            .iter()
            .any(|attempt| attempt.number > assignment.attempt);
    if later_attempt_exists {
        return StartDecision::Exit(Vec::new(), exit::RETRY);
    }
    match record.attempt(assignment.attempt) {
        None if assignment.attempt >= assignment.max_attempts => {
            StartDecision::Exit(fail_job(record, assignment, now), exit::DONE)
        }
        None => StartDecision::Claim(start_attempt(record, assignment, now)),
        Some(attempt) if attempt.status != AttemptStatus::Running => {
            StartDecision::Exit(Vec::new(), exit::RETRY)
        }
        Some(attempt) if attempt.runner.as_ref() == Some(&assignment.runner) => {
            StartDecision::AlreadyClaimed
        }
        Some(attempt) if attempt.interrupted_at.is_some() => {
            take_over(record, attempt, assignment, now, 0)
        }
        Some(attempt) if holder_silent => take_over(record, attempt, assignment, now, 1),
        Some(_) => StartDecision::Watch,
    }
}

/// Starts the attempt. Earlier attempts that are still open are closed and counted in the same transaction.
fn start_attempt(record: &Record, assignment: &Assignment, now: Timestamp) -> Vec<Write> {
    let closed = ClosedAttempts::below(assignment.attempt, record, &assignment.job_id, now, false);
    let count = closed.count(&assignment.job_id, u32::from(assignment.attempt > 0), None);
    let job = Write::update(job_key(&assignment.job_id))
        .only_if(job_fence(&record.job))
        .set(attributes! {
            "status": JobStatus::Running, "attempt": assignment.attempt, "runner": assignment.runner,
            "beat": now.to_string(),
        })
        .set_if_absent(attributes! { "startedAt": now.to_string() })
        .remove("progress");
    let attempt = Write::create(
        attempt_key(&assignment.job_id, assignment.attempt),
        attributes! {
            "attempt": assignment.attempt, "status": AttemptStatus::Running, "runner": assignment.runner,
            "startedAt": now.to_string(),
        },
    );
    let mut writes = vec![job];
    writes.extend(closed.writes);
    writes.push(attempt);
    writes.extend(count);
    writes
}

/// Ends the job as failed. This attempt exceeds the job's maximum, because the state machine always allows three, and the
/// last allowed attempt did not record the verdict.
fn fail_job(record: &Record, assignment: &Assignment, now: Timestamp) -> Vec<Write> {
    let closed = ClosedAttempts::below(
        assignment.max_attempts,
        record,
        &assignment.job_id,
        now,
        true,
    );
    let count = closed.count(&assignment.job_id, 0, Some(JobStatus::Failed));
    let last_attempt = assignment
        .max_attempts
        .checked_sub(1)
        .and_then(|last| record.attempt(last));
    let error = last_attempt
        .and_then(|attempt| attempt.error.clone())
        .unwrap_or_else(attempt_lost);
    let job = Write::update(job_key(&assignment.job_id))
        .only_if(job_fence(&record.job))
        .set(attributes! { "runner": assignment.runner })
        .set(verdict_attributes(JobStatus::Failed, Some(&error), now));
    let mut writes = vec![job];
    writes.extend(closed.writes);
    writes.extend(count);
    writes
}

/// Takes over the attempt of another runner. Only the interruption is counted: an interrupted runner has counted it
/// already, for a silent one it is added here (`uncounted`: 1).
fn take_over(
    record: &Record,
    attempt: &Attempt,
    assignment: &Assignment,
    now: Timestamp,
    uncounted: u32,
) -> StartDecision {
    // The heartbeat is part of the condition: a runner that was taken for dead and sends another heartbeat keeps its
    // attempt.
    let mut condition = job_fence(&record.job);
    condition.extend(attributes! { "beat": record.job.heartbeat });
    let job = Write::update(job_key(&assignment.job_id))
        .only_if(condition)
        .set(attributes! { "runner": assignment.runner, "beat": now.to_string() });
    let taken = Write::update(attempt_key(&assignment.job_id, assignment.attempt))
        .only_if(attempt_fence(attempt))
        .remove("interruptedAt")
        .add("interruptions", uncounted);

    if attempt.interruptions + uncounted < INTERRUPTIONS {
        return StartDecision::Claim(vec![
            job.remove("progress"),
            taken.set(attributes! { "runner": assignment.runner }),
        ]);
    }

    let error = attempt_interrupted();
    let is_last = assignment.attempt + 1 >= assignment.max_attempts;
    let mut count = Write::update(counters_key(&assignment.job_id)).add(counter::FAILED_JOB, 1);
    let mut writes = vec![job, taken.set(failure_attributes(&error, now, is_last))];
    if is_last {
        writes[0]
            .set
            .extend(verdict_attributes(JobStatus::Failed, Some(&error), now));
        writes.extend(
            (0..assignment.attempt).map(|other| set_expiry(&assignment.job_id, other, now)),
        );
        if let Some(name) = JobStatus::Failed.counter() {
            count = count.add(name, 1);
        }
    }
    writes.push(count);
    StartDecision::Exit(
        writes,
        if is_last {
            exit_code_after_last_failure(assignment.max_attempts)
        } else {
            exit::RETRY
        },
    )
}
