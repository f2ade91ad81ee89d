//! How a function says that it failed.

use crate::protocol;

/// A failure is retryable, if the next attempt may not meet it (the network, a busy service), or permanent, if every
/// attempt would (wrong input, missing data): then no further attempt is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Another attempt may succeed.
    #[error("{code}: {message}")]
    Retryable {
        /// For programs: one word.
        code: String,
        /// For people: one sentence.
        message: String,
    },
    /// No attempt can succeed.
    #[error("{code}: {message}")]
    Permanent {
        /// For programs: one word.
        code: String,
        /// For people: one sentence.
        message: String,
    },
}

impl Failure {
    /// A failure that another attempt may not meet.
    #[must_use]
    pub fn retryable(code: &str, message: impl Into<String>) -> Self {
        Self::Retryable {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// A failure that every attempt would meet.
    #[must_use]
    pub fn permanent(code: &str, message: impl Into<String>) -> Self {
        Self::Permanent {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// The run must end: it was told to stop, or its time is up. What a function returns after that is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was told to stop")]
pub struct Stopped;

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Self::retryable("Stopped", stopped.to_string())
    }
}

impl From<Failure> for protocol::Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Retryable { code, message } => {
                Self::Retryable(protocol::Error::new(&code, &message))
            }
            Failure::Permanent { code, message } => {
                Self::Permanent(protocol::Error::new(&code, &message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let failure = Failure::permanent("TooLong", "é".repeat(600) + "x");
        let protocol::Outcome::Permanent(error) = failure.into() else {
            panic!("not permanent")
        };
        assert_eq!(error.message, "é".repeat(512));
    }
}
