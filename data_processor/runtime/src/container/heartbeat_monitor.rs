//! Watches the heartbeat of another runner, by this machine's clock: that of the other machine can be wrong.

use std::time::{Duration, Instant};

use crate::protocol::Job;

/// The latest heartbeat that was seen.
#[derive(Debug, Default)]
pub(super) struct HeartbeatMonitor {
    latest: Option<Observation>,
}

#[derive(Debug)]
struct Observation {
    runner: Option<String>,
    heartbeat: Option<String>,
    since: Instant,
}

impl HeartbeatMonitor {
    /// Compares the record that was read now with the earlier ones. Returns true if the same runner's heartbeat has not
    /// changed for at least this long.
    pub(super) fn is_silent(&mut self, job: &Job, now: Instant, silence: Duration) -> bool {
        match &self.latest {
            Some(latest) if latest.runner == job.runner && latest.heartbeat == job.heartbeat => {
                now.duration_since(latest.since) >= silence
            }
            _ => {
                self.latest = Some(Observation {
                    runner: job.runner.clone(),
                    heartbeat: job.heartbeat.clone(),
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

    fn job(runner: &str, heartbeat: &str) -> Job {
        let item = serde_json::json!({
            "status": "RUNNING", "execution": "e", "attempt": 0, "runner": runner, "beat": heartbeat,
        });
        serde_json::from_value(item).unwrap()
    }

    #[test]
    fn a_new_heartbeat_or_runner_restarts_the_measurement() {
        let (start, silence) = (Instant::now(), Duration::from_secs(15));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut monitor = HeartbeatMonitor::default();
        assert!(!monitor.is_silent(&job("a", "1"), at(0), silence));
        assert!(!monitor.is_silent(&job("a", "1"), at(14), silence));
        assert!(!monitor.is_silent(&job("a", "2"), at(16), silence));
        assert!(!monitor.is_silent(&job("b", "2"), at(31), silence));
        assert!(!monitor.is_silent(&job("b", "2"), at(45), silence));
        assert!(monitor.is_silent(&job("b", "2"), at(46), silence));
    }
}
