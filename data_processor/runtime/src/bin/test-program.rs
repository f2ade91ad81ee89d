//! The program that the tests in tests/ run. Its function hashes a file or an object.
//!
//! It is here because cargo builds a program for the tests only if it belongs to the same crate.

use std::io::Read as _;
use std::process::ExitCode;

use job_runtime::{Failure, Job, program, run};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Input {
    /// A path in the data directory.
    File(String),
    /// An address, `s3://bucket/key`.
    Object(String),
}

#[derive(Serialize)]
struct Output {
    bytes: usize,
    sha256: Vec<u8>,
}

fn process(input: Input, job: &Job) -> Result<Output, Failure> {
    let mut reader = match input {
        Input::File(path) => job.open_file(&path)?,
        Input::Object(address) => job.open_object(&address)?,
    };
    let mut content = Vec::new();
    reader.read_to_end(&mut content)?;
    Ok(Output {
        bytes: content.len(),
        sha256: Sha256::digest(&content).to_vec(),
    })
}

fn main() -> ExitCode {
    run(program!(), process)
}
