//! The job that the function gets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::data::{Data, Reader};
use crate::failure::{Failure, Stopped};
use crate::protocol::Progress;

/// The job of a function. Use the macros of [`tracing`] to log: the last lines are stored in the attempt's record.
#[derive(Debug, Clone)]
pub struct Job {
    attempt: u32,
    state: Arc<SharedState>,
    data: Data,
}

/// The state that the function shares with the runtime. Relaxed ordering is enough: other memory does not depend on it.
#[derive(Debug)]
struct SharedState {
    done: AtomicU64,
    total: AtomicU64,
    stop_requested: AtomicBool,
}

/// Stands for a total that is not known.
const UNKNOWN: u64 = u64::MAX;

impl Job {
    /// Creates a job without progress.
    #[must_use]
    pub(crate) fn new(attempt: u32, data: Data) -> Self {
        let state = SharedState {
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            stop_requested: AtomicBool::new(false),
        };
        Self {
            attempt,
            state: Arc::new(state),
            data,
        }
    }

    /// Creates a job without a table, a data directory and S3, for tests of the function.
    #[must_use]
    pub fn detached(attempt: u32) -> Self {
        Self::new(attempt, Data::none())
    }

    /// Returns the attempt's number, from 0.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Reports how many records are processed, and how many there are if that is known. Fails when the run must end. A call
    /// takes a few nanoseconds, so call it for every record: the table gets the progress with the next heartbeat.
    #[inline]
    pub fn progress(&self, done: u64, total: Option<u64>) -> Result<(), Stopped> {
        self.state.done.store(done, Relaxed);
        self.state.total.store(total.unwrap_or(UNKNOWN), Relaxed);
        if self.state.stop_requested.load(Relaxed) {
            Err(Stopped)
        } else {
            Ok(())
        }
    }

    /// Waits. Ends early and fails when the run must end.
    pub fn pause(&self, duration: Duration) -> Result<(), Stopped> {
        const STEP: Duration = Duration::from_millis(50);
        let start = Instant::now();
        while !self.state.stop_requested.load(Relaxed) {
            match duration
                .checked_sub(start.elapsed())
                .filter(|left| !left.is_zero())
            {
                None => return Ok(()),
                Some(left) => thread::sleep(left.min(STEP)),
            }
        }
        Err(Stopped)
    }

    /// Opens a file of the data directory and decompresses gzip and zstd. The path is relative to the directory and must stay
    /// inside it.
    pub fn open_file(&self, path: &str) -> Result<Reader, Failure> {
        self.data.open_file(path)
    }

    /// Opens an object by its address, `s3://bucket/key`, and decompresses gzip and zstd.
    pub fn open_object(&self, address: &str) -> Result<Reader, Failure> {
        self.data.open_object(address)
    }

    /// Returns the progress that the function reported last.
    #[must_use]
    pub(crate) fn current_progress(&self) -> Progress {
        let total = self.state.total.load(Relaxed);
        Progress {
            done: self.state.done.load(Relaxed),
            total: (total != UNKNOWN).then_some(total),
        }
    }

    /// Requests that the function ends: its next call of `progress` or `pause` fails.
    pub(crate) fn request_stop(&self) {
        self.state.stop_requested.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_pause_fail_after_a_stop_request() {
        let job = Job::detached(0);
        assert_eq!(job.progress(3, Some(5)), Ok(()));
        assert_eq!(
            job.current_progress(),
            Progress {
                done: 3,
                total: Some(5)
            }
        );
        job.request_stop();
        assert_eq!(job.progress(4, None), Err(Stopped));
        assert_eq!(
            job.current_progress(),
            Progress {
                done: 4,
                total: None
            }
        );
        assert_eq!(job.pause(Duration::from_hours(1)), Err(Stopped));
    }
}
