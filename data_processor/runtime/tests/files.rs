//! Files of the data directory, read by the function.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use support::{check_content, reason, run_program};

const CONTENT: &str = "a,b\n1,x\n2,y\n";

fn input(path: &str) -> Value {
    json!({"file": path})
}

#[test]
fn files_are_decompressed_if_necessary() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fs::create_dir_all(data.join("deep")).unwrap();
    fs::write(data.join("deep/a.csv"), CONTENT).unwrap();
    symlink("deep/a.csv", data.join("in")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(CONTENT.as_bytes()).unwrap();
    // The names are misleading on purpose: only the first bytes count.
    fs::write(data.join("b.csv"), gzip.finish().unwrap()).unwrap();
    fs::write(
        data.join("c.gz"),
        zstd::encode_all(CONTENT.as_bytes(), 3).unwrap(),
    )
    .unwrap();
    for path in ["deep/a.csv", "./deep/a.csv", "in", "b.csv", "c.gz"] {
        let output = run_program(&input(path), Some(data), &[]);
        check_content(&output, CONTENT.as_bytes(), path);
    }
}

#[test]
fn a_path_outside_the_data_directory_is_a_permanent_failure() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("secret"), CONTENT).unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let output = run_program(&input("../secret"), Some(&data), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(reason(&output).starts_with("permanent failure PathOutsideData"));
}

#[test]
fn without_a_data_directory_a_file_is_a_permanent_failure() {
    let output = run_program(&input("a.csv"), None, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        reason(&output),
        "permanent failure NoDataDirectory: this job cannot read files: a data directory is not configured"
    );
}
