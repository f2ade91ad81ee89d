//! What the function is handed: its job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::data::{Data, Reader};
use crate::failure::{Failure, Stopped};
use crate::protocol::Progress;

/// The job as its function sees it. Log with [`tracing`]'s macros: the last lines go into the attempt's record.
#[derive(Debug, Clone)]
pub struct Job {
    attempt: u32,
    shared: Arc<Shared>,
    data: Data,
}

/// What the function and its watcher both see. Relaxed is enough: nothing else is read on the strength of it.
#[derive(Debug)]
struct Shared {
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
}

const UNKNOWN: u64 = u64::MAX;

impl Job {
    /// A job with nothing done.
    #[must_use]
    pub(crate) fn new(attempt: u32, data: Data) -> Self {
        let shared = Shared {
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            stopped: AtomicBool::new(false),
        };
        Self {
            attempt,
            shared: Arc::new(shared),
            data,
        }
    }

    /// A job without a table, a data directory or S3: for the function's tests.
    #[must_use]
    pub fn detached(attempt: u32) -> Self {
        Self::new(attempt, Data::none())
    }

    /// The attempt's number, from 0.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Says how many records are done, and of how many if that is known; fails when the run must end. It costs a few
    /// nanoseconds, so call it as often as you like: the table hears of it with the next beat.
    #[inline]
    pub fn progress(&self, done: u64, total: Option<u64>) -> Result<(), Stopped> {
        self.shared.done.store(done, Relaxed);
        self.shared.total.store(total.unwrap_or(UNKNOWN), Relaxed);
        if self.shared.stopped.load(Relaxed) {
            Err(Stopped)
        } else {
            Ok(())
        }
    }

    /// Waits; ends early, and fails, when the run must end.
    pub fn pause(&self, duration: Duration) -> Result<(), Stopped> {
        const SLICE: Duration = Duration::from_millis(50);
        let start = Instant::now();
        while !self.shared.stopped.load(Relaxed) {
            match duration
                .checked_sub(start.elapsed())
                .filter(|left| !left.is_zero())
            {
                None => return Ok(()),
                Some(left) => thread::sleep(left.min(SLICE)),
            }
        }
        Err(Stopped)
    }

    /// Opens a file of the data directory, decompressed if it is gzip or zstd. The path is relative to the directory
    /// and stays inside it.
    pub fn open_file(&self, path: &str) -> Result<Reader, Failure> {
        self.data.open_file(path)
    }

    /// Opens an object by its address, `s3://bucket/key`, decompressed if it is gzip or zstd.
    pub fn open_object(&self, address: &str) -> Result<Reader, Failure> {
        self.data.open_object(address)
    }

    /// How far the function said it is.
    #[must_use]
    pub(crate) fn reported(&self) -> Progress {
        let total = self.shared.total.load(Relaxed);
        Progress {
            done: self.shared.done.load(Relaxed),
            total: (total != UNKNOWN).then_some(total),
        }
    }

    /// Asks the function to end.
    pub(crate) fn stop(&self) {
        self.shared.stopped.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_job_says_so_and_does_not_pause() {
        let job = Job::detached(0);
        assert_eq!(job.progress(3, Some(5)), Ok(()));
        assert_eq!(
            job.reported(),
            Progress {
                done: 3,
                total: Some(5)
            }
        );
        job.stop();
        assert_eq!(job.progress(4, None), Err(Stopped));
        assert_eq!(
            job.reported(),
            Progress {
                done: 4,
                total: None
            }
        );
        assert_eq!(job.pause(Duration::from_hours(1)), Err(Stopped));
    }
}
