//! Runs the user's function: on a thread of its own, so that it may block and compute as it likes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde::Serialize;
use tokio::sync::oneshot;

use super::failure::Failure;
use super::input;
use super::job::Job;
use super::protocol::{Outcome, RESULT_BYTES};
use crate::process::process;

const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Starts the function with this input, JSON text. The outcome comes through the channel; a function that is no longer
/// waited for ends with the process.
pub(super) fn start(input: String, job: Job) -> oneshot::Receiver<Outcome> {
    let (sender, outcome) = oneshot::channel();
    let run = move || {
        let _ = sender.send(outcome_of(|| process(input::read(&input)?, &job)));
    };
    let thread = thread::Builder::new()
        .name("function".into())
        .stack_size(STACK_BYTES);
    if let Err(error) = thread.spawn(run) {
        // The closure is gone with its sender; the receiver sees that.
        tracing::error!(reason = %error, "no thread for the function");
    }
    outcome
}

/// What a function's end means: its result, its failure, or its panic, which another attempt may not meet.
fn outcome_of<T: Serialize>(function: impl FnOnce() -> Result<T, Failure>) -> Outcome {
    // What the function shares with its watcher are plain numbers: a panic leaves nothing half done.
    let output = catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Failure::retryable(
            "Panicked",
            message.unwrap_or("no message"),
        ))
    });
    match output.and_then(|output| result(&output)) {
        Ok(json) => Outcome::Succeeded(json),
        Err(failure) => failure.into(),
    }
}

fn result(output: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string(output).map_err(|error| {
        Failure::permanent("InvalidResult", format!("the result is no JSON: {error}"))
    })?;
    if json.len() > RESULT_BYTES {
        let message = format!(
            "the result has {} bytes; the limit is {RESULT_BYTES}",
            json.len()
        );
        return Err(Failure::permanent("ResultTooLarge", message));
    }
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::protocol::Error;

    #[test]
    fn a_panic_is_a_retryable_failure_with_its_message() {
        let outcome = outcome_of(|| -> Result<(), Failure> { panic!("no {}", "luck") });
        assert_eq!(
            outcome,
            Outcome::Retryable(Error::new("Panicked", "no luck"))
        );
    }

    #[test]
    fn a_result_may_be_as_long_as_the_limit_and_no_longer() {
        let quotes = 2;
        let longest = "x".repeat(RESULT_BYTES - quotes);
        assert_eq!(
            outcome_of(|| Ok(&longest)),
            Outcome::Succeeded(format!("\"{longest}\""))
        );
        let message = "the result has 100001 bytes; the limit is 100000";
        let too_large = Outcome::Permanent(Error::new("ResultTooLarge", message));
        assert_eq!(outcome_of(|| Ok(format!("{longest}x"))), too_large);
    }

    #[test]
    fn a_failure_stays_what_it_is() {
        let outcome = outcome_of(|| Err::<(), _>(Failure::permanent("Wrong", "so")));
        assert_eq!(outcome, Outcome::Permanent(Error::new("Wrong", "so")));
    }
}
