//! Runs one job's function in a container and records every attempt exactly once.
//!
//! [`run`] is the program around a function, and the function is its parameter:
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
//! The modules, from the outside to the inside:
//!
//! - `arguments` parses the command line: `container` runs a job, `standalone` the function alone, `check` reads the table.
//! - `settings` reads the environment.
//! - `container` acquires the attempt, watches the function and records the outcome.
//! - `function` calls the function on its own thread, with typed input (`input`) and the job (`job`, `failure`).
//! - `data` opens files and objects for the function.
//! - `protocol` decides what is recorded. It is pure: without a clock, a network or a process.
//! - `store` reads from and writes to the table, with the client of `aws`.
//! - `logging`, `signals`, `clock` and `text` serve the others.

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

/// The logging macros, in the version that the runtime uses.
pub use tracing;

pub use data::{ObjectAddress, Reader};
pub use failure::{Failure, Stopped};
pub use input::read_input;
pub use job::Job;

use arguments::Command;
use function::Function;

/// Describes the program that calls [`run`]. [`program!`] creates it.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The name in messages and in `--version`.
    pub name: &'static str,
    /// The version in `--version`.
    pub version: &'static str,
    /// The crate whose log lines of level `info` are kept. Of other crates, only warnings and errors are kept.
    pub crate_name: &'static str,
}

/// Creates a [`Program`] that describes the calling crate.
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

/// Runs the program: parses the command line and runs `process` for the job that the environment names, or alone.
///
/// Serde reads the input. Input that it rejects is a permanent failure that names the field. The output becomes the job's
/// result. `process` runs on its own thread and may block. A panic is a retryable failure.
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
        Ok(Command::Standalone(run)) => block_on(name, standalone::run(program, function, run)),
        Ok(Command::Print(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{name}: {problem}\nSee {name} --help.");
            ExitCode::from(2)
        }
    }
}

/// Runs a command on one thread, which serves the network and the clock. The function has its own thread.
fn block_on(name: &str, command: impl Future<Output = u8>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let exit_code = runtime.block_on(command);
            // Unfinished requests and a function that ignores the stop request end with the process.
            runtime.shutdown_background();
            ExitCode::from(exit_code)
        }
        Err(error) => {
            eprintln!("{name}: the event loop could not be started: {error}");
            ExitCode::from(protocol::exit::RETRY)
        }
    }
}
