//! The last write of a run: its outcome, or its interruption.

use crate::clock::Timestamp;
use crate::protocol::{Claim, Outcome, Report, exit};
use crate::store::{Backoff, Store, StoreError};

/// Records the outcome. Returns the exit code that belongs to it, or `RETRY` if it could not be recorded.
pub(super) async fn finish(store: &Store, claim: &Claim, outcome: &Outcome, report: &Report) -> u8 {
    // The time is fixed here: it identifies this write in the record. The token makes a repetition harmless.
    let finished_at = Timestamp::now();
    let (writes, exit_code) = claim.finish(outcome, report, finished_at);
    let token = Store::token();
    let mut backoff = Backoff::new();
    loop {
        let error = match store.write(&writes, &token).await {
            Ok(()) => return exit_code,
            Err(error) => error,
        };
        if let Err(error) = backoff.wait_after(error).await {
            tracing::error!(reason = %error, "the outcome could not be recorded");
            return exit::RETRY;
        }
        match store.read(&claim.assignment.job_id).await {
            Ok(Some(record)) if claim.is_recorded(&record, outcome, finished_at) => {
                return exit_code;
            }
            // Still held: there was a conflict, or the request never arrived.
            Ok(Some(record)) if claim.is_held(&record) => {}
            // A failed read is not a reason to stop either: the condition of the write decides.
            Err(error) => {
                tracing::warn!(reason = %error, "the record could not be read after a failed write");
            }
            Ok(_) => {
                tracing::warn!(
                    "this runner no longer holds the attempt; its outcome does not count"
                );
                return exit::RETRY;
            }
        }
    }
}

/// Records the interruption, so that another runner can take over the attempt at once. The report is made late, so that
/// its log includes the reason.
pub(super) async fn interrupt(store: &Store, claim: &Claim, report: impl FnOnce() -> Report) {
    let writes = claim.interrupt(&report(), Timestamp::now());
    let token = Store::token();
    let mut backoff = Backoff::new();
    loop {
        let error = match store.write(&writes, &token).await {
            Ok(()) => return,
            Err(StoreError::Changed) => {
                return tracing::warn!("this runner no longer holds the attempt");
            }
            Err(error) => error,
        };
        if let Err(error) = backoff.wait_after(error).await {
            return tracing::warn!(reason = %error, "the interruption could not be recorded");
        }
    }
}
