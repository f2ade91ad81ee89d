//! Everything but the function: settings, the recording protocol, beat, signals, logs, data.

pub mod arguments;
pub mod aws;
mod check;
pub mod clock;
pub mod container;
pub mod data;
pub mod failure;
mod function;
pub mod input;
mod job;
pub mod logging;
pub mod protocol;
pub mod settings;
mod signals;
pub mod store;
pub mod text;
mod try_out;

use std::future::Future;
use std::process::ExitCode;

pub use failure::{Failure, Stopped};
pub use job::Job;

use arguments::Command;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    match arguments::parse(std::env::args_os()) {
        Ok(Command::RunJob) => run(container::run()),
        Ok(Command::Check) => run(check::run()),
        Ok(Command::TryOut(trial)) => run(try_out::run(trial)),
        Ok(Command::Print(text)) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("data-processor: {problem}\nTry data-processor --help.");
            ExitCode::from(2)
        }
    }
}

/// One thread for the network and the clock; the function has its own.
fn run(program: impl Future<Output = u8>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let exit_code = runtime.block_on(program);
            // Requests that nobody waits for any more, and a function that does not listen, end with the process.
            runtime.shutdown_background();
            ExitCode::from(exit_code)
        }
        Err(error) => {
            eprintln!("data-processor: no event loop: {error}");
            ExitCode::from(protocol::exit::RETRY)
        }
    }
}
