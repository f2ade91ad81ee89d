//! Watches a run: heartbeats, signals, the time limit, and the loss of the attempt.

use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use crate::clock::Timestamp;
use crate::job::Job;
use crate::logging::Logs;
use crate::protocol::{Claim, Outcome, attempt_lost, exit, run_timed_out};
use crate::settings::Settings;
use crate::signals::Signals;
use crate::store::{Store, StoreError};

/// How a run ends.
#[derive(Debug)]
pub(super) enum RunEnd {
    /// The function has returned, or its time limit was reached.
    Outcome(Outcome),
    /// The process received a signal to stop.
    Signal,
    /// This runner no longer holds the attempt: exit with this code.
    AttemptLost(u8),
}

/// How long a heartbeat in progress is waited for at the end: it would conflict with the write of the outcome.
const LAST_HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(1);

/// Watches until the run ends. Only a heartbeat whose condition fails means that the attempt is lost. Conflicts,
/// throttling and network errors do not end the run.
pub(super) async fn watch(
    store: &Store,
    claim: &Claim,
    job: &Job,
    logs: &Logs,
    settings: &Settings,
    signals: &Signals,
    outcome: &mut oneshot::Receiver<Outcome>,
) -> RunEnd {
    let interval = settings.heartbeat_interval;
    let mut heartbeats = interval_at(Instant::now() + interval, interval);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let time_limit = sleep(settings.timeout);
    tokio::pin!(time_limit);
    let published = Cell::new(0);
    let mut heartbeat = None;
    let end = loop {
        tokio::select! {
            biased;
            outcome = &mut *outcome => {
                // The sender is gone without an outcome if the thread could not be started.
                let outcome = outcome.unwrap_or_else(|_| Outcome::Retryable(attempt_lost()));
                break RunEnd::Outcome(outcome);
            }
            () = signals.received() => break RunEnd::Signal,
            () = &mut time_limit => {
                break RunEnd::Outcome(Outcome::Retryable(run_timed_out(settings.timeout.as_secs())));
            }
            lost = poll(&mut heartbeat), if heartbeat.is_some() => {
                heartbeat = None;
                if let Some(exit_code) = lost {
                    return RunEnd::AttemptLost(exit_code);
                }
            }
            _ = heartbeats.tick(), if heartbeat.is_none() => {
                heartbeat = Some(Box::pin(async {
                    let lost = send_heartbeat(store, claim, job).await;
                    if lost.is_none() {
                        publish_log(store, claim, logs, &published).await;
                    }
                    lost
                }));
            }
        }
    };
    if let Some(heartbeat) = heartbeat {
        let _ = timeout(LAST_HEARTBEAT_TIMEOUT, heartbeat).await;
    }
    end
}

/// Polls the heartbeat in progress, if there is one.
async fn poll<T>(heartbeat: &mut Option<Pin<Box<impl Future<Output = T>>>>) -> T {
    match heartbeat {
        Some(heartbeat) => heartbeat.await,
        None => std::future::pending().await,
    }
}

/// Writes the last log lines if there are new ones. An error is ignored: the lines are written again at the end of the
/// run.
async fn publish_log(store: &Store, claim: &Claim, logs: &Logs, published: &Cell<u64>) {
    let Some((total, lines)) = logs.newer_than(published.get()) else {
        return;
    };
    if store
        .write(&claim.publish_log(&lines), &Store::token())
        .await
        .is_ok()
    {
        published.set(total);
    }
}

/// Sends one heartbeat. Returns an exit code if this runner no longer holds the attempt.
async fn send_heartbeat(store: &Store, claim: &Claim, job: &Job) -> Option<u8> {
    let writes = claim.heartbeat(job.current_progress(), Timestamp::now());
    match store.write(&writes, &Store::token()).await {
        Ok(()) => return None,
        Err(StoreError::Changed) => {}
        Err(error) => {
            tracing::warn!(reason = %error, "a heartbeat could not be written");
            return None;
        }
    }
    match store.read(&claim.assignment.job_id).await {
        Ok(Some(record)) if claim.is_held(&record) => None,
        Ok(Some(record)) if record.job.status.is_terminal() => {
            tracing::warn!(status = ?record.job.status, "the job has ended; this attempt stops");
            Some(exit::DONE)
        }
        Ok(_) => {
            tracing::warn!("another runner holds this attempt, or a later attempt has started");
            Some(exit::RETRY)
        }
        Err(error) => {
            tracing::warn!(reason = %error, "a heartbeat was rejected, and the record could not be read");
            None
        }
    }
}
