//! Limits how often a failed request to the table is repeated, and after which pause.

use std::time::Duration;

use tokio::time::Instant;

use super::StoreError;

/// Counts failed requests. The pauses have full jitter, so that requests that conflicted do not conflict again.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    /// When the credentials could not be loaded for the first time.
    without_credentials_since: Option<Instant>,
}

impl Backoff {
    /// The maximum number of failed requests. Together with the pauses and the SDK's own retries this is about ten seconds
    /// of refused connections, or two and a half minutes of a table that does not respond.
    pub(crate) const MAX_FAILURES: u32 = 12;
    /// How long credentials are waited for: the agent of Pod Identity may be late on a new node, or throttle while many
    /// pods start at once. A container that gave up earlier would use up an attempt.
    const CREDENTIALS_TIMEOUT: Duration = Duration::from_mins(2);
    const FIRST_PAUSE: Duration = Duration::from_millis(25);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);

    /// Creates a backoff without failures.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            failures: 0,
            without_credentials_since: None,
        }
    }

    /// Counts a failure and pauses. Returns the error instead if another request is not allowed or cannot succeed.
    pub(crate) async fn wait_after(&mut self, error: StoreError) -> Result<(), StoreError> {
        if matches!(error, StoreError::CredentialsUnavailable(_)) {
            return self.wait_for_credentials(error).await;
        }
        self.failures += 1;
        if self.failures >= Self::MAX_FAILURES || matches!(error, StoreError::Permanent(_)) {
            return Err(error);
        }
        // A changed record is part of the protocol, not a problem.
        if !matches!(error, StoreError::Changed) {
            tracing::warn!(tries = self.failures, reason = %error, "a request to the table failed; retrying");
        }
        tokio::time::sleep(self.longest_pause().mul_f64(fastrand::f64())).await;
        Ok(())
    }

    /// Pauses for half a second to a second. Returns the error instead if the credentials did not come in time. It is not
    /// counted as a failure of the table.
    async fn wait_for_credentials(&mut self, error: StoreError) -> Result<(), StoreError> {
        let since = *self
            .without_credentials_since
            .get_or_insert_with(Instant::now);
        if since.elapsed() >= Self::CREDENTIALS_TIMEOUT {
            return Err(error);
        }
        tracing::warn!(reason = %error, "the credentials are not available yet; retrying");
        tokio::time::sleep(Self::LONGEST_PAUSE.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        Ok(())
    }

    fn longest_pause(&self) -> Duration {
        (Self::FIRST_PAUSE * 2_u32.pow(self.failures.min(10))).min(Self::LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_after(failures: u32, error: StoreError) -> Result<(), StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let mut backoff = Backoff {
            failures,
            ..Backoff::new()
        };
        runtime.block_on(backoff.wait_after(error))
    }

    #[test]
    fn ends_at_its_limit_and_at_once_after_a_permanent_error() {
        assert_eq!(wait_after(0, StoreError::Changed), Ok(()));
        let last = Backoff::MAX_FAILURES - 1;
        assert_eq!(
            wait_after(last, StoreError::Changed),
            Err(StoreError::Changed)
        );
        let permanent = || StoreError::Permanent("the table does not exist".into());
        assert_eq!(wait_after(0, permanent()), Err(permanent()));
    }

    #[test]
    fn pauses_grow_up_to_the_longest_one() {
        let pauses: Vec<_> = (1..=12)
            .map(|failures| {
                let backoff = Backoff {
                    failures,
                    ..Backoff::new()
                };
                backoff.longest_pause()
            })
            .collect();
        assert_eq!(pauses[0], Duration::from_millis(50));
        assert!(pauses.is_sorted());
        assert_eq!(pauses[11], Backoff::LONGEST_PAUSE);
    }

    #[test]
    fn credentials_are_waited_for_two_minutes_and_do_not_count_as_failures() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let error = || StoreError::CredentialsUnavailable("status 429".into());
        let wait_after = |seconds: u64| {
            let mut backoff = Backoff {
                failures: Backoff::MAX_FAILURES - 1,
                without_credentials_since: Instant::now().checked_sub(Duration::from_secs(seconds)),
            };
            let result = runtime.block_on(backoff.wait_after(error()));
            assert_eq!(backoff.failures, Backoff::MAX_FAILURES - 1);
            result
        };
        assert_eq!(wait_after(0), Ok(()));
        assert_eq!(wait_after(118), Ok(()));
        assert_eq!(wait_after(120), Err(error()));
    }
}
