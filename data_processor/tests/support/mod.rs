//! Code that several tests share.
#![allow(dead_code, reason = "each test uses some of it")]

use data_processor::process::process;
use job_runtime::{Failure, Job, read_input};
use serde_json::{Value, json};

/// Runs the function in this process. Returns its result as JSON.
pub(crate) fn run(input: &Value, attempt: u32) -> Result<Value, Failure> {
    let output = process(read_input(&input.to_string())?, &Job::detached(attempt))?;
    Ok(serde_json::to_value(output).unwrap())
}

/// Summarises records of the input itself.
pub(crate) fn summarise(format: &str, data: &str) -> Result<Value, Failure> {
    run(
        &json!({"source": "inline", "format": format, "data": data}),
        0,
    )
}
