//! While the function runs: beats, signals, the time limit, and the loss of the attempt.

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
pub(super) enum End {
    /// The function, or its time limit, came to an outcome.
    Outcome(Outcome),
    /// A signal.
    ToldToStop,
    /// The attempt is not ours any more: end with this code.
    Lost(u8),
}

/// A beat under way when the function ends is waited for so long: it would meet the finish in a conflict.
const LAST_BEAT: Duration = Duration::from_secs(1);

/// Watches until the run ends. Only a beat whose condition fails ends it from the table's side: conflicts, throttling
/// and a network in trouble do not.
pub(super) async fn watch(
    store: &Store,
    claim: &Claim,
    job: &Job,
    logs: &Logs,
    settings: &Settings,
    signals: &Signals,
    outcome: &mut oneshot::Receiver<Outcome>,
) -> End {
    let mut beats = interval_at(Instant::now() + settings.beat, settings.beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let limit = sleep(settings.timeout);
    tokio::pin!(limit);
    let shown = Cell::new(0);
    let mut beat = None;
    let end = loop {
        tokio::select! {
            biased;
            outcome = &mut *outcome => {
                // Without an outcome there was not even a thread: a failure of this machine.
                let outcome = outcome.unwrap_or_else(|_| Outcome::Retryable(attempt_lost()));
                break End::Outcome(outcome);
            }
            () = signals.stopped() => break End::ToldToStop,
            () = &mut limit => {
                break End::Outcome(Outcome::Retryable(run_timed_out(settings.timeout.as_secs())));
            }
            lost = under_way(&mut beat), if beat.is_some() => {
                beat = None;
                if let Some(exit_code) = lost {
                    return End::Lost(exit_code);
                }
            }
            _ = beats.tick(), if beat.is_none() => {
                beat = Some(Box::pin(async {
                    let lost = say(store, claim, job).await;
                    if lost.is_none() {
                        show_log(store, claim, logs, &shown).await;
                    }
                    lost
                }));
            }
        }
    };
    if let Some(beat) = beat {
        let _ = timeout(LAST_BEAT, beat).await;
    }
    end
}

/// Polls the beat under way; asked only when there is one.
async fn under_way<T>(beat: &mut Option<Pin<Box<impl Future<Output = T>>>>) -> T {
    match beat {
        Some(beat) => beat.await,
        None => std::future::pending().await,
    }
}

/// Shows lines that came since the last time. Whether that succeeds decides nothing: they are handed over at the end again.
async fn show_log(store: &Store, claim: &Claim, logs: &Logs, shown: &Cell<u64>) {
    let Some((count, lines)) = logs.beyond(shown.get()) else {
        return;
    };
    if store
        .write(&claim.show_log(&lines), &Store::token())
        .await
        .is_ok()
    {
        shown.set(count);
    }
}

/// One beat; the exit code if the attempt turns out to be lost.
async fn say(store: &Store, claim: &Claim, job: &Job) -> Option<u8> {
    let writes = claim.beat(job.reported(), Timestamp::now());
    match store.write(&writes, &Store::token()).await {
        Ok(()) => return None,
        Err(StoreError::Changed) => {}
        Err(error) => {
            tracing::warn!(reason = %error, "a beat was not heard");
            return None;
        }
    }
    match store.read(&claim.who.job_id).await {
        Ok(Some(record)) if claim.holds(&record) => None,
        Ok(Some(record)) if record.job.status.is_terminal() => {
            tracing::warn!(status = ?record.job.status, "the job has ended without this attempt");
            Some(exit::DONE)
        }
        Ok(_) => {
            tracing::warn!("another runner has the attempt, or a later one");
            Some(exit::RETRY)
        }
        Err(error) => {
            tracing::warn!(reason = %error, "a beat was refused, and why cannot be read");
            None
        }
    }
}
