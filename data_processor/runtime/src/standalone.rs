//! The function alone, without a table: for its author, and to measure it.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::Program;
use crate::arguments::Trial;
use crate::data::{Data, Objects};
use crate::function::Function;
use crate::job::Job;
use crate::logging::{Logs, Output};
use crate::protocol::{Error, Outcome, exit};

const PERMANENT: u8 = 1;
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Runs it; the result goes to standard output, everything else to standard error.
pub(crate) async fn run(program: Program, function: Function, trial: Trial) -> u8 {
    let _logs = Logs::install(program.crate_name, Output::Error);
    let data = Data::new(trial.data_directory, Objects::new(Handle::current(), None));
    let job = Job::new(trial.attempt, data);
    let start = Instant::now();
    let mut outcome = function.start(trial.input, job.clone());
    let outcome = loop {
        tokio::select! {
            outcome = &mut outcome => break outcome,
            () = tokio::time::sleep(REPORT_EVERY) => report(&job, start),
        }
    };
    match outcome {
        Ok(Outcome::Succeeded(json)) => {
            println!("{json}");
            exit::DONE
        }
        Ok(Outcome::Permanent(error)) => say("permanent", &error, PERMANENT),
        Ok(Outcome::Retryable(error)) => say("retryable", &error, exit::RETRY),
        Err(_) => exit::RETRY,
    }
}

fn report(job: &Job, start: Instant) {
    let progress = job.reported();
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

fn say(kind: &str, error: &Error, exit_code: u8) -> u8 {
    eprintln!("{kind} failure {}: {}", error.code, error.message);
    exit_code
}
