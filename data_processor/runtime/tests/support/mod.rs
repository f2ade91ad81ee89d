//! Code that several tests share.
#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod fake_service;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Runs the test program (src/bin/test-program.rs) with this input, without a table.
pub(crate) fn run_program(
    input: &Value,
    data_directory: Option<&Path>,
    environment: &[(&str, &str)],
) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-program"));
    command.arg("--input").arg(input.to_string());
    if let Some(directory) = data_directory {
        command.arg("--data-dir").arg(directory);
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

/// Checks that the program read this content, to the byte.
pub(crate) fn check_content(output: &Output, content: &[u8], source: &str) {
    assert!(output.status.success(), "{source}: {}", reason(output));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({"bytes": content.len(), "sha256": Sha256::digest(content).to_vec()});
    assert_eq!(result, expected, "{source}");
}

/// Returns the last line on standard error, which is the reason of a failure.
pub(crate) fn reason(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}
