//! Runs the function as a job.

use std::process::ExitCode;

use data_processor::process::process;
use job_runtime::{program, run};

fn main() -> ExitCode {
    run(program!(), process)
}
