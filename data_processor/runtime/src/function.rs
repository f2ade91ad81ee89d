//! Calls the program's function.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::input::read_input;
use crate::job::Job;
use crate::protocol::{Outcome, RESULT_BYTES};

const STACK_BYTES: usize = 8 * 1024 * 1024;

/// A function whose types are hidden: it takes the JSON text of an input and returns the JSON text of a result.
pub(crate) struct Function(Box<Call>);

type Call = dyn FnOnce(&str, &Job) -> Result<String, Failure> + Send;

impl Function {
    /// Wraps a function with typed input and output.
    pub(crate) fn new<I: DeserializeOwned, O: Serialize>(
        process: impl FnOnce(I, &Job) -> Result<O, Failure> + Send + 'static,
    ) -> Self {
        Self(Box::new(move |input, job| {
            serialize_result(&process(read_input(input)?, job)?)
        }))
    }

    /// Starts the function on its own thread, where it may block. The outcome is sent through the channel. If the receiver no
    /// longer waits for it, the function ends with the process.
    pub(crate) fn start(self, input: String, job: Job) -> oneshot::Receiver<Outcome> {
        let (sender, outcome) = oneshot::channel();
        let run = move || {
            let _ = sender.send(self.call(&input, &job));
        };
        let thread = thread::Builder::new()
            .name("function".into())
            .stack_size(STACK_BYTES);
        if let Err(error) = thread.spawn(run) {
            // The sender was dropped with the closure, which the receiver notices.
            tracing::error!(reason = %error, "the function's thread could not be started");
        }
        outcome
    }

    /// Calls the function. A panic is a retryable failure.
    fn call(self, input: &str, job: &Job) -> Outcome {
        // The function shares only atomic numbers with the runtime, so a panic cannot leave them inconsistent.
        let result = catch_unwind(AssertUnwindSafe(|| (self.0)(input, job)));
        let result = result.unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Failure::retryable(
                "Panicked",
                message.unwrap_or("no message"),
            ))
        });
        match result {
            Ok(json) => Outcome::Succeeded(json),
            Err(failure) => failure.into(),
        }
    }
}

fn serialize_result(output: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string(output).map_err(|error| {
        Failure::permanent(
            "InvalidResult",
            format!("the result cannot be written as JSON: {error}"),
        )
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::protocol::Error;

    fn outcome<O: Serialize>(
        process: impl FnOnce() -> Result<O, Failure> + Send + 'static,
    ) -> Outcome {
        Function::new(|(): (), _: &Job| process()).call("null", &Job::detached(0))
    }

    #[test]
    fn a_panic_is_a_retryable_failure_with_its_message() {
        assert_eq!(
            outcome(|| -> Result<(), Failure> { panic!("no {}", "luck") }),
            Outcome::Retryable(Error::new("Panicked", "no luck"))
        );
    }

    #[test]
    fn a_result_may_be_as_long_as_the_limit_and_no_longer() {
        let quotes = 2;
        let longest = "x".repeat(RESULT_BYTES - quotes);
        let too_long = format!("{longest}x");
        let json = format!("\"{longest}\"");
        assert_eq!(outcome(|| Ok(longest)), Outcome::Succeeded(json));
        let message = "the result has 100001 bytes; the limit is 100000";
        let too_large = Outcome::Permanent(Error::new("ResultTooLarge", message));
        assert_eq!(outcome(|| Ok(too_long)), too_large);
    }

    #[test]
    fn a_failure_is_kept() {
        assert_eq!(
            outcome(|| Err::<(), _>(Failure::permanent("Wrong", "so"))),
            Outcome::Permanent(Error::new("Wrong", "so"))
        );
    }

    #[test]
    fn input_and_result_have_the_types_of_the_function() {
        let call = |input: &str| {
            let process = |ages: BTreeMap<String, u32>, job: &Job| {
                Ok(ages.values().sum::<u32>() + job.attempt())
            };
            Function::new(process).call(input, &Job::detached(4))
        };
        assert_eq!(call(r#"{"a":1,"b":2}"#), Outcome::Succeeded("7".into()));
        let message = "input.b: invalid type: string \"2\", expected u32";
        let rejected = Outcome::Permanent(Error::new("InvalidInput", message));
        assert_eq!(call(r#"{"a":1,"b":"2"}"#), rejected);
    }
}
