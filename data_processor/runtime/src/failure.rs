//! The failures that a function returns.

use crate::protocol;

/// A failure of the function. It is retryable if the next attempt may succeed (a network error, a busy service), or
/// permanent if every attempt would fail (wrong input, missing data). After a permanent failure the job is not retried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Another attempt may succeed.
    #[error("{code}: {message}")]
    Retryable {
        /// One word, for programs.
        code: String,
        /// One sentence, for people.
        message: String,
    },
    /// No attempt can succeed.
    #[error("{code}: {message}")]
    Permanent {
        /// One word, for programs.
        code: String,
        /// One sentence, for people.
        message: String,
    },
}

impl Failure {
    /// Creates a retryable failure.
    #[must_use]
    pub fn retryable(code: &str, message: impl Into<String>) -> Self {
        Self::Retryable {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// Creates a permanent failure.
    #[must_use]
    pub fn permanent(code: &str, message: impl Into<String>) -> Self {
        Self::Permanent {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// The run must end, because of a signal or its time limit. What the function returns after that is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run must stop")]
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
    fn a_long_message_is_truncated_between_characters() {
        let failure = Failure::permanent("TooLong", "é".repeat(600) + "x");
        let protocol::Outcome::Permanent(error) = failure.into() else {
            panic!("not permanent")
        };
        assert_eq!(error.message, "é".repeat(512));
    }
}
