//! Runs one job's function in a container and records every attempt exactly once.
//!
//! [`run`] is the whole program around a function, which is its parameter:
//!
//! ```no_run
//! use job_runtime::{Failure, Job, program, run, tracing};
//!
//! fn process(names: Vec<String>, job: &Job) -> Result<usize, Failure> {
//!     for (index, name) in names.iter().enumerate() {
//!         tracing::info!(name, "processed");
//!         job.progress(index as u64 + 1, Some(names.len() as u64))?;
//!     }
//!     Ok(names.len())
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     run(program!(), process)
//! }
//! ```
//!
//! Its parts: `container` acquires the attempt, watches the function and records the outcome; `protocol` decides
//! what is written, without any input or output; `store` writes it to the table; `function` calls the function on a
//! thread of its own; `data` reads files and objects for it. `check` and `standalone` need no job.

mod arguments;
mod aws;
mod check;
mod clock;
mod container;
mod data;
mod failure;
mod function;
mod input;
mod job;
mod logging;
mod protocol;
mod settings;
mod signals;
mod standalone;
mod store;
mod text;

use std::process::ExitCode;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The macros to log with, in the version that the runtime listens to.
pub use tracing;

pub use data::{ObjectAddress, Reader};
pub use failure::{Failure, Stopped};
pub use input::read_input;
pub use job::Job;

use arguments::Command;
use function::Function;

/// Describes the program that calls [`run`]. [`program!`] fills it in.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The name in messages and in `--version`.
    pub name: &'static str,
    /// The version in `--version`.
    pub version: &'static str,
    /// The crate whose log lines of level `info` are kept; of other crates only warnings and errors are.
    pub crate_name: &'static str,
}

/// Describes the crate that it is used in as a [`Program`].
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            crate_name: env!("CARGO_CRATE_NAME"),
        }
    };
}

/// Runs the program: reads the command line and runs `process` as the job that the environment names, or alone.
///
/// The input is the job's, read by serde; input that it rejects is a permanent failure that names the field. What
/// `process` returns becomes the job's result. It has a thread of its own and may block. A panic is a retryable failure.
#[must_use]
pub fn run<I: DeserializeOwned, O: Serialize>(
    program: Program,
    process: impl FnOnce(I, &Job) -> Result<O, Failure> + Send + 'static,
) -> ExitCode {
    run_command(program, Function::new(process))
}

fn run_command(program: Program, function: Function) -> ExitCode {
    let name = program.name;
    match arguments::parse(std::env::args_os(), program) {
        Ok(Command::RunJob) => block_on(name, container::run(program, function)),
        Ok(Command::Check) => block_on(name, check::run(name)),
        Ok(Command::Standalone(trial)) => block_on(name, standalone::run(program, function, trial)),
        Ok(Command::Print(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{name}: {problem}\nTry {name} --help.");
            ExitCode::from(2)
        }
    }
}

/// One thread for the network and the clock; the function has its own.
fn block_on(name: &str, command: impl Future<Output = u8>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let exit_code = runtime.block_on(command);
            // Requests that nobody waits for any more, and a function that does not listen, end with the process.
            runtime.shutdown_background();
            ExitCode::from(exit_code)
        }
        Err(error) => {
            eprintln!("{name}: no event loop: {error}");
            ExitCode::from(protocol::exit::RETRY)
        }
    }
}
