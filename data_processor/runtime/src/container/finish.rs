//! The last write of a run.

use crate::clock::Timestamp;
use crate::protocol::{Claim, Outcome, Report, exit};
use crate::store::{Store, StoreError, Tries};

/// Records the outcome; the exit code that goes with it, or with the table's being out of reach.
pub(super) async fn finish(store: &Store, claim: &Claim, outcome: &Outcome, report: &Report) -> u8 {
    // Fixed once: by it we know our own writing again, and with the token a repetition changes nothing.
    let finished_at = Timestamp::now();
    let (writes, exit_code) = claim.finish(outcome, report, finished_at);
    let token = Store::token();
    let mut tries = Tries::new();
    loop {
        let error = match store.write(&writes, &token).await {
            Ok(()) => return exit_code,
            Err(error) => error,
        };
        if let Err(error) = tries.after(error).await {
            tracing::error!(reason = %error, "the outcome cannot be recorded");
            return exit::RETRY;
        }
        match store.read(&claim.who.job_id).await {
            Ok(Some(record)) if claim.recorded(&record, outcome, finished_at) => return exit_code,
            // Still ours: a conflict, or the request never arrived. An unread record is no reason either, since the
            // condition of the write holds or does not.
            Ok(Some(record)) if claim.holds(&record) => {}
            Err(error) => tracing::warn!(reason = %error, "the record cannot be read back"),
            Ok(_) => {
                tracing::warn!(
                    "the attempt is no longer this runner's; its outcome does not count"
                );
                return exit::RETRY;
            }
        }
    }
}

/// Marks the attempt for whoever takes it over. The report is made last, so that its log says why.
pub(super) async fn interrupt(store: &Store, claim: &Claim, report: impl FnOnce() -> Report) {
    let writes = claim.interrupt(&report(), Timestamp::now());
    let token = Store::token();
    let mut tries = Tries::new();
    loop {
        let error = match store.write(&writes, &token).await {
            Ok(()) => return,
            Err(StoreError::Changed) => {
                return tracing::warn!("the attempt is no longer this runner's");
            }
            Err(error) => error,
        };
        if let Err(error) = tries.after(error).await {
            return tracing::warn!(reason = %error, "the interruption cannot be recorded");
        }
    }
}
