//! The names, keys and limits of the protocol: jobs/protocol.json in Rust. A test compares the two.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Error;

/// The maximum number of attempts that the state machine makes for a job.
pub(crate) const MACHINE_ATTEMPTS: u32 = 3;
/// The number of interruptions after which an attempt is closed.
pub(crate) const INTERRUPTIONS: u32 = 5;
/// The number of heartbeat intervals without a change after which a runner is taken for dead.
pub(crate) const SILENT_HEARTBEATS: u32 = 3;
/// The number of days that a record is kept after the job's end.
pub(crate) const RETENTION_DAYS: i64 = 100;
/// The maximum size of a result.
pub(crate) const RESULT_BYTES: usize = 100_000;
/// The maximum number of log lines in an attempt's record.
pub(crate) const LOG_LINES: usize = 50;
/// The maximum size of those log lines together.
pub(crate) const LOG_BYTES: usize = 16_384;
/// The maximum size of an error message.
pub(crate) const ERROR_MESSAGE_BYTES: usize = 1_024;

/// Exit codes. The state machine sees them through the status of the Kubernetes Job.
pub(crate) mod exit {
    /// The job has its verdict: do not retry.
    pub(crate) const DONE: u8 = 0;
    /// Retry (`EX_TEMPFAIL`).
    pub(crate) const RETRY: u8 = 75;
    /// The settings are wrong (`EX_CONFIG`).
    pub(crate) const SETTINGS: u8 = 78;
    /// Interrupted by a signal, as a shell reports SIGTERM: 128 + 15.
    pub(crate) const INTERRUPTED: u8 = 143;
}

/// The counters of attempts.
pub(crate) mod counter {
    /// Attempts that succeeded.
    pub(crate) const SUCCEED_JOB: &str = "succeedJob";
    /// Attempts after the first of a job.
    pub(crate) const JOB_RETRY: &str = "jobRetry";
    /// Attempts that failed.
    pub(crate) const FAILED_JOB: &str = "failedJob";
}

/// The status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum JobStatus {
    /// Accepted, not started.
    Queued,
    /// Its first attempt was started.
    Running,
    /// Ended with a result.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by a request to cancel it.
    Cancelled,
    /// Ended because its last attempt reached the time limit.
    TimedOut,
}

impl JobStatus {
    /// Returns the counter of jobs with this verdict; `None` while the job is open.
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

    /// Tests whether the job has its verdict.
    #[must_use]
    pub(crate) fn is_terminal(self) -> bool {
        self.counter().is_some()
    }
}

/// The status of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AttemptStatus {
    /// A runner holds it.
    Running,
    /// Its function returned a result.
    Succeeded,
    /// Its function failed, or its container ended without recording an outcome.
    Failed,
    /// The job was cancelled while it ran.
    Cancelled,
}

/// Creates the error of an attempt whose container ended without recording an outcome.
#[must_use]
pub(crate) fn attempt_lost() -> Error {
    Error::new(
        "AttemptLost",
        "The attempt's container ended without recording an outcome.",
    )
}

/// Creates the error of an attempt that was interrupted too often.
#[must_use]
pub(crate) fn attempt_interrupted() -> Error {
    Error::new(
        "AttemptInterrupted",
        &format!("The attempt was interrupted {INTERRUPTIONS} times."),
    )
}

/// The error code of a run that reached its time limit. On the last attempt the job becomes `TIMED_OUT`.
pub(crate) const RUN_TIMED_OUT: &str = "RunTimedOut";

/// Creates the error of a run that reached its time limit.
#[must_use]
pub(crate) fn run_timed_out(seconds: u64) -> Error {
    Error::new(
        RUN_TIMED_OUT,
        &format!("The run reached its limit of {seconds} seconds."),
    )
}

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Key {
    /// The partition key.
    pub(crate) pk: String,
    /// The sort key.
    pub(crate) sk: String,
}

/// Returns the partition key of a job, which all its items share.
#[must_use]
pub(crate) fn job_partition(job_id: &str) -> String {
    format!("JOB#{job_id}")
}

/// Returns the key of the job item.
#[must_use]
pub(crate) fn job_key(job_id: &str) -> Key {
    Key {
        pk: job_partition(job_id),
        sk: "JOB".into(),
    }
}

/// Returns the key of the job's result.
#[must_use]
pub(crate) fn result_key(job_id: &str) -> Key {
    Key {
        pk: job_partition(job_id),
        sk: "RESULT".into(),
    }
}

/// Returns the key of an attempt.
#[must_use]
pub(crate) fn attempt_key(job_id: &str, attempt: u32) -> Key {
    Key {
        pk: job_partition(job_id),
        sk: format!("ATTEMPT#{attempt}"),
    }
}

/// Returns the key of the counters that count this job.
#[must_use]
pub(crate) fn counters_key(job_id: &str) -> Key {
    Key {
        pk: format!("STATS#{}", shard_of(job_id)),
        sk: "STATS".into(),
    }
}

/// Returns the job's shard, one of 16: the first hexadecimal digit of SHA-256 over the job id.
#[must_use]
pub(crate) fn shard_of(job_id: &str) -> char {
    let digest = Sha256::digest(job_id.as_bytes());
    char::from_digit(u32::from(digest[0] >> 4), 16).unwrap_or('0')
}
