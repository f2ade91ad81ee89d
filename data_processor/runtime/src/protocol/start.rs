//! Start: what a container that has read the record may do.

use super::close::{Closed, exit_of_last, expire, failed, fence, held, verdict};
use super::write::attributes;
use super::{
    Attempt, AttemptStatus, INTERRUPTIONS, JobStatus, Record, Write, attempt_interrupted,
    attempt_key, attempt_lost, counter, counters_key, exit, job_key,
};
use crate::clock::Timestamp;

/// Which attempt of which job this process was started for.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The job.
    pub(crate) job_id: String,
    /// The attempt's number, from 0.
    pub(crate) attempt: u32,
    /// How many attempts were asked for.
    pub(crate) max_attempts: u32,
    /// This process: random, because a pod's name may be used again.
    pub(crate) runner: String,
}

/// What a container does about its attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Start {
    /// Once these are written the attempt is ours: run the function.
    Run(Vec<Write>),
    /// It is ours already (the answer to our write was lost): run the function.
    Mine,
    /// Another runner holds it: watch its beat.
    Watch,
    /// Write these, if any, and end with this code.
    End(Vec<Write>, u8),
}

/// Decides. `stood_still`: by our own clock, the beat in this record has not moved for three beats.
#[must_use]
pub(crate) fn start(record: &Record, who: &Who, now: Timestamp, stood_still: bool) -> Start {
    let job = &record.job;
    if job.status.is_terminal() {
        return Start::End(Vec::new(), exit::DONE);
    }
    let overtaken = job.attempt.is_some_and(|attempt| attempt > who.attempt)
        || record
            .attempts
            .iter()
            .any(|attempt| attempt.number > who.attempt);
    if overtaken {
        return Start::End(Vec::new(), exit::RETRY);
    }
    match record.attempt(who.attempt) {
        None if who.attempt >= who.max_attempts => {
            Start::End(beyond_last(record, who, now), exit::DONE)
        }
        None => Start::Run(begin(record, who, now)),
        Some(attempt) if attempt.status != AttemptStatus::Running => {
            Start::End(Vec::new(), exit::RETRY)
        }
        Some(attempt) if attempt.runner.as_ref() == Some(&who.runner) => Start::Mine,
        Some(attempt) if attempt.interrupted_at.is_some() => {
            take_over(record, attempt, who, now, 0)
        }
        Some(attempt) if stood_still => take_over(record, attempt, who, now, 1),
        Some(_) => Start::Watch,
    }
}

/// The attempt begins; those before it that nobody closed are closed and counted with it.
fn begin(record: &Record, who: &Who, now: Timestamp) -> Vec<Write> {
    let closed = Closed::below(who.attempt, record, &who.job_id, now, false);
    let count = closed.count(&who.job_id, u32::from(who.attempt > 0), None);
    let job = Write::update(job_key(&who.job_id))
        .only_if(fence(&record.job))
        .set(attributes! {
            "status": JobStatus::Running, "attempt": who.attempt, "runner": who.runner, "beat": now.to_string(),
        })
        .set_if_absent(attributes! { "startedAt": now.to_string() })
        .remove("progress");
    let attempt = Write::create(
        attempt_key(&who.job_id, who.attempt),
        attributes! {
            "attempt": who.attempt, "status": AttemptStatus::Running, "runner": who.runner, "startedAt": now.to_string(),
        },
    );
    let mut writes = vec![job];
    writes.extend(closed.writes);
    writes.push(attempt);
    writes.extend(count);
    writes
}

/// Fewer attempts were asked for than the state machine makes, and the last one recorded no verdict: this is it.
fn beyond_last(record: &Record, who: &Who, now: Timestamp) -> Vec<Write> {
    let closed = Closed::below(who.max_attempts, record, &who.job_id, now, true);
    let count = closed.count(&who.job_id, 0, Some(JobStatus::Failed));
    let last = who
        .max_attempts
        .checked_sub(1)
        .and_then(|last| record.attempt(last));
    let error = last
        .and_then(|attempt| attempt.error.clone())
        .unwrap_or_else(attempt_lost);
    let job = Write::update(job_key(&who.job_id))
        .only_if(fence(&record.job))
        .set(attributes! { "runner": who.runner })
        .set(verdict(JobStatus::Failed, Some(&error), now));
    let mut writes = vec![job];
    writes.extend(closed.writes);
    writes.extend(count);
    writes
}

/// The same attempt goes on in another container. Nothing is counted, but that it was interrupted: whoever was told to
/// stop has counted that itself, for a silent one we do.
fn take_over(record: &Record, attempt: &Attempt, who: &Who, now: Timestamp, silent: u32) -> Start {
    // The beat belongs to the condition: a runner taken for dead that beats after all keeps its attempt.
    let mut condition = fence(&record.job);
    condition.extend(attributes! { "beat": record.job.beat });
    let job = Write::update(job_key(&who.job_id))
        .only_if(condition)
        .set(attributes! { "runner": who.runner, "beat": now.to_string() });
    let mut taken = Write::update(attempt_key(&who.job_id, who.attempt))
        .only_if(held(attempt))
        .remove("interruptedAt");
    taken = taken.add("interruptions", silent);

    if attempt.interruptions + silent < INTERRUPTIONS {
        return Start::Run(vec![
            job.remove("progress"),
            taken.set(attributes! { "runner": who.runner }),
        ]);
    }

    let error = attempt_interrupted();
    let last = who.attempt + 1 >= who.max_attempts;
    let mut count = Write::update(counters_key(&who.job_id)).add(counter::FAILED_JOB, 1);
    let mut writes = vec![job, taken.set(failed(&error, now, last))];
    if last {
        writes[0]
            .set
            .extend(verdict(JobStatus::Failed, Some(&error), now));
        writes.extend((0..who.attempt).map(|other| expire(&who.job_id, other, now)));
        if let Some(name) = JobStatus::Failed.counter() {
            count = count.add(name, 1);
        }
    }
    writes.push(count);
    Start::End(
        writes,
        if last {
            exit_of_last(who.max_attempts)
        } else {
            exit::RETRY
        },
    )
}
