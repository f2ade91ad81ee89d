//! How often, and after what pause, a thing is tried again.

use std::time::Duration;

use super::StoreError;

/// A bound, and pauses with full jitter: those that met in a conflict must not meet again.
#[derive(Debug)]
pub(crate) struct Tries {
    made: u32,
}

impl Tries {
    /// With the pauses, and the SDK's own tries within each: some ten seconds of refused connections, two minutes and a
    /// half of a table that is silent.
    pub(crate) const MOST: u32 = 12;
    const FIRST_PAUSE: Duration = Duration::from_millis(25);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);

    /// None made yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { made: 0 }
    }

    /// Pauses, or gives the error back when nothing is to be hoped from another try.
    pub(crate) async fn after(&mut self, error: StoreError) -> Result<(), StoreError> {
        self.made += 1;
        if self.made >= Self::MOST || matches!(error, StoreError::Broken(_)) {
            return Err(error);
        }
        // A changed record is the protocol at work, not trouble.
        if !matches!(error, StoreError::Changed) {
            tracing::warn!(tries = self.made, reason = %error, "the table did not take a request; trying again");
        }
        tokio::time::sleep(self.longest_pause().mul_f64(fastrand::f64())).await;
        Ok(())
    }

    fn longest_pause(&self) -> Duration {
        (Self::FIRST_PAUSE * 2_u32.pow(self.made.min(10))).min(Self::LONGEST_PAUSE)
    }
}

impl Default for Tries {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(made: u32, error: StoreError) -> Result<(), StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(Tries { made }.after(error))
    }

    #[test]
    fn ends_at_its_bound_and_at_once_where_nothing_helps() {
        assert_eq!(after(0, StoreError::Changed), Ok(()));
        let last = Tries::MOST - 1;
        assert_eq!(after(last, StoreError::Changed), Err(StoreError::Changed));
        let broken = || StoreError::Broken("no table".into());
        assert_eq!(after(0, broken()), Err(broken()));
    }

    #[test]
    fn pauses_grow_to_their_bound() {
        let longest: Vec<_> = (1..=12)
            .map(|made| Tries { made }.longest_pause())
            .collect();
        assert_eq!(longest[0], Duration::from_millis(50));
        assert!(longest.is_sorted());
        assert_eq!(longest[11], Tries::LONGEST_PAUSE);
    }
}
