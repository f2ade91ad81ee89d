//! Watches another runner's beat, by our own clock: theirs may be wrong.

use std::time::{Duration, Instant};

use crate::protocol::Job;

/// The beat that was seen last, and since when.
#[derive(Debug, Default)]
pub(super) struct Standstill {
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    runner: Option<String>,
    beat: Option<String>,
    since: Instant,
}

impl Standstill {
    /// Looks at the record as it was read now; true once the same runner's beat has been the same for so long.
    pub(super) fn lasts(&mut self, job: &Job, now: Instant, patience: Duration) -> bool {
        match &self.seen {
            Some(seen) if seen.runner == job.runner && seen.beat == job.beat => {
                now.duration_since(seen.since) >= patience
            }
            _ => {
                self.seen = Some(Seen {
                    runner: job.runner.clone(),
                    beat: job.beat.clone(),
                    since: now,
                });
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(runner: &str, beat: &str) -> Job {
        let item = serde_json::json!({
            "status": "RUNNING", "execution": "e", "attempt": 0, "runner": runner, "beat": beat,
        });
        serde_json::from_value(item).unwrap()
    }

    #[test]
    fn every_new_beat_and_every_new_runner_begins_the_wait_anew() {
        let (start, patience) = (Instant::now(), Duration::from_secs(15));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut standstill = Standstill::default();
        assert!(!standstill.lasts(&job("a", "1"), at(0), patience));
        assert!(!standstill.lasts(&job("a", "1"), at(14), patience));
        assert!(!standstill.lasts(&job("a", "2"), at(16), patience));
        assert!(!standstill.lasts(&job("b", "2"), at(31), patience));
        assert!(!standstill.lasts(&job("b", "2"), at(45), patience));
        assert!(standstill.lasts(&job("b", "2"), at(46), patience));
    }
}
