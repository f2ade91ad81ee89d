//! What several tests need.
#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod stand_in;

use std::path::Path;
use std::process::{Command, Output};

use data_processor::process::process;
use data_processor::runtime::data::Data;
use data_processor::runtime::{Failure, Job, input};
use serde_json::Value;

/// Runs the function in this process; its result as JSON.
pub(crate) fn run(input: &Value, attempt: u32) -> Result<Value, Failure> {
    let job = Job::new(attempt, Data::none());
    let output = process(input::read(&input.to_string())?, &job)?;
    Ok(serde_json::to_value(output).unwrap())
}

/// Summarises records that are in the input itself.
pub(crate) fn summarise(format: &str, data: &str) -> Result<Value, Failure> {
    run(
        &serde_json::json!({"source": "inline", "format": format, "data": data}),
        0,
    )
}

/// The program itself, trying the function on this input.
pub(crate) fn program(
    input: &Value,
    data_directory: Option<&Path>,
    environment: &[(&str, &str)],
) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_data-processor"));
    command.arg("--input").arg(input.to_string());
    if let Some(directory) = data_directory {
        command.arg("--data-dir").arg(directory);
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

/// The last line on standard error, which says why the function failed.
pub(crate) fn reason(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}
