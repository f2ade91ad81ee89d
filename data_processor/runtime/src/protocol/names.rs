//! The protocol's names and limits: jobs/protocol.json in Rust. A test compares the two.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Error;

/// Attempts that the state machine makes, whatever was asked for.
pub(crate) const MACHINE_ATTEMPTS: u32 = 3;
/// An attempt interrupted this often is closed.
pub(crate) const INTERRUPTIONS: u32 = 5;
/// A runner whose beat stood still for so many beats is taken to be dead.
pub(crate) const SILENT_BEATS: u32 = 3;
/// How long the record of a job is kept after its end.
pub(crate) const RETENTION_DAYS: i64 = 100;
/// The longest result the table takes.
pub(crate) const RESULT_BYTES: usize = 100_000;
/// So many last log lines outlive the container …
pub(crate) const LOG_LINES: usize = 50;
/// … and so many bytes of them.
pub(crate) const LOG_BYTES: usize = 16_384;
/// The longest error message kept.
pub(crate) const ERROR_MESSAGE_BYTES: usize = 1_024;

/// Exit codes, as the state machine reads them through the Job's state.
pub(crate) mod exit {
    /// Nothing is left to try: the job has its verdict.
    pub(crate) const DONE: u8 = 0;
    /// Try again (`EX_TEMPFAIL`).
    pub(crate) const RETRY: u8 = 75;
    /// Wrong settings (`EX_CONFIG`).
    pub(crate) const SETTINGS: u8 = 78;
    /// Told to stop, as a shell reports SIGTERM: 128 + 15.
    pub(crate) const INTERRUPTED: u8 = 143;
}

/// Counters of attempts.
pub(crate) mod counter {
    /// Attempts that succeeded.
    pub(crate) const SUCCEED_JOB: &str = "succeedJob";
    /// Attempts after a job's first.
    pub(crate) const JOB_RETRY: &str = "jobRetry";
    /// Attempts that failed.
    pub(crate) const FAILED_JOB: &str = "failedJob";
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum JobStatus {
    /// Accepted, not started.
    Queued,
    /// An attempt was started.
    Running,
    /// Ended with a result.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended because someone asked for it.
    Cancelled,
    /// Ended because its last attempt reached the time limit.
    TimedOut,
}

impl JobStatus {
    /// The counter of jobs that ended so; none while the job is open.
    #[must_use]
    pub(crate) fn counter(self) -> Option<&'static str> {
        match self {
            Self::Queued | Self::Running => None,
            Self::Succeeded => Some("jobsSucceeded"),
            Self::Failed => Some("jobsFailed"),
            Self::Cancelled => Some("jobsCancelled"),
            Self::TimedOut => Some("jobsTimedOut"),
        }
    }

    /// Whether the job has its verdict.
    #[must_use]
    pub(crate) fn is_terminal(self) -> bool {
        self.counter().is_some()
    }
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AttemptStatus {
    /// A runner holds it.
    Running,
    /// Its function returned a result.
    Succeeded,
    /// Its function failed, or nobody ever heard of its end.
    Failed,
    /// The job was cancelled under it.
    Cancelled,
}

/// An attempt whose container died without a word.
#[must_use]
pub(crate) fn attempt_lost() -> Error {
    Error::new(
        "AttemptLost",
        "The attempt's container ended without recording an outcome.",
    )
}

/// An attempt that was interrupted too often.
#[must_use]
pub(crate) fn attempt_interrupted() -> Error {
    Error::new(
        "AttemptInterrupted",
        &format!("The attempt was interrupted {INTERRUPTIONS} times."),
    )
}

/// The code of a run that reached its own limit: on the last attempt the job is `TIMED_OUT`.
pub(crate) const RUN_TIMED_OUT: &str = "RunTimedOut";

/// A run that reached its own limit.
#[must_use]
pub(crate) fn run_timed_out(seconds: u64) -> Error {
    Error::new(
        RUN_TIMED_OUT,
        &format!("The run reached its limit of {seconds} seconds."),
    )
}

/// An item's primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Key {
    /// Partition.
    pub(crate) pk: String,
    /// Sort key.
    pub(crate) sk: String,
}

/// The partition that holds everything of one job.
#[must_use]
pub(crate) fn job_partition(job_id: &str) -> String {
    format!("JOB#{job_id}")
}

/// The job item.
#[must_use]
pub(crate) fn job_key(job_id: &str) -> Key {
    Key {
        pk: job_partition(job_id),
        sk: "JOB".into(),
    }
}

/// The job's result.
#[must_use]
pub(crate) fn result_key(job_id: &str) -> Key {
    Key {
        pk: job_partition(job_id),
        sk: "RESULT".into(),
    }
}

/// One attempt.
#[must_use]
pub(crate) fn attempt_key(job_id: &str, attempt: u32) -> Key {
    Key {
        pk: job_partition(job_id),
        sk: format!("ATTEMPT#{attempt}"),
    }
}

/// The counters that this job is counted on.
#[must_use]
pub(crate) fn counters_key(job_id: &str) -> Key {
    Key {
        pk: format!("STATS#{}", shard_of(job_id)),
        sk: "STATS".into(),
    }
}

/// One of 16 shards: the first hexadecimal digit of SHA-256 over the job id.
#[must_use]
pub(crate) fn shard_of(job_id: &str) -> char {
    let digest = Sha256::digest(job_id.as_bytes());
    char::from_digit(u32::from(digest[0] >> 4), 16).unwrap_or('0')
}
