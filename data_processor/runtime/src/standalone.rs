//! Runs the function alone, without a table: for its author, and for benchmarks.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::Program;
use crate::arguments::StandaloneRun;
use crate::data::{Data, Objects};
use crate::function::Function;
use crate::job::Job;
use crate::logging::{LogOutput, Logs};
use crate::protocol::{Error, Outcome, exit};

const PERMANENT_FAILURE: u8 = 1;
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// Runs the function. Writes the result to standard output, everything else to standard error. Returns the exit code.
pub(crate) async fn run(program: Program, function: Function, run: StandaloneRun) -> u8 {
    let _logs = Logs::install(program.crate_name, LogOutput::Stderr);
    let data = Data::new(run.data_directory, Objects::new(Handle::current(), None));
    let job = Job::new(run.attempt, data);
    let start = Instant::now();
    let mut outcome = function.start(run.input, job.clone());
    let outcome = loop {
        tokio::select! {
            outcome = &mut outcome => break outcome,
            () = tokio::time::sleep(PROGRESS_INTERVAL) => print_progress(&job, start),
        }
    };
    match outcome {
        Ok(Outcome::Succeeded(json)) => {
            println!("{json}");
            exit::DONE
        }
        Ok(Outcome::Permanent(error)) => {
            print_failure("permanent", &error);
            PERMANENT_FAILURE
        }
        Ok(Outcome::Retryable(error)) => {
            print_failure("retryable", &error);
            exit::RETRY
        }
        // The thread could not be started, which is logged.
        Err(_) => exit::RETRY,
    }
}

fn print_progress(job: &Job, start: Instant) {
    let progress = job.current_progress();
    let of_total = progress
        .total
        .map(|total| format!(" of {total}"))
        .unwrap_or_default();
    eprintln!(
        "{} records{of_total} after {} s",
        progress.done,
        start.elapsed().as_secs()
    );
}

fn print_failure(kind: &str, error: &Error) {
    eprintln!("{kind} failure {}: {}", error.code, error.message);
}
