//! The data directory, as the function reads it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use support::{check_content, program, reason};

const CONTENT: &str = "a,b\n1,x\n2,y\n";

fn input(path: &str) -> Value {
    json!({"file": path})
}

#[test]
fn files_are_read_as_they_are_or_unpacked() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fs::create_dir_all(data.join("deep")).unwrap();
    fs::write(data.join("deep/a.csv"), CONTENT).unwrap();
    symlink("deep/a.csv", data.join("in")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(CONTENT.as_bytes()).unwrap();
    // Their names say nothing: their first bytes do.
    fs::write(data.join("b.csv"), gzip.finish().unwrap()).unwrap();
    fs::write(
        data.join("c.gz"),
        zstd::encode_all(CONTENT.as_bytes(), 3).unwrap(),
    )
    .unwrap();
    for path in ["deep/a.csv", "./deep/a.csv", "in", "b.csv", "c.gz"] {
        let output = program(&input(path), Some(data), &[]);
        check_content(&output, CONTENT.as_bytes(), path);
    }
}

#[test]
fn a_path_outside_the_data_directory_is_a_permanent_failure() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("secret"), CONTENT).unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let output = program(&input("../secret"), Some(&data), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(reason(&output).starts_with("permanent failure PathOutsideData"));
}

#[test]
fn without_a_data_directory_there_are_no_files() {
    let output = program(&input("a.csv"), None, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        reason(&output),
        "permanent failure NoDataDirectory: files can only be read where the runtime was given a data directory"
    );
}
