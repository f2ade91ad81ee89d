//! Records outside the input: the function reads files and objects through its job.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod support;

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::run;

#[test]
fn a_file_of_the_data_directory_is_summarised() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.csv"), "a,b\n1,x\n2,y\n").unwrap();
    fs::write(directory.path().join("a.json"), "{\"a\":1}\n{\"a\":2}\n").unwrap();
    for (path, format) in [("a.csv", "csv"), ("a.json", "ndjson")] {
        let input = json!({"source": "file", "path": path, "format": format});
        let output = Command::new(env!("CARGO_BIN_EXE_data-processor"))
            .arg("--input")
            .arg(input.to_string())
            .arg("--data-dir")
            .arg(directory.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{path}");
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["records"], 2, "{path}");
        assert_eq!(summary["columns"][0]["mean"], 1.5, "{path}");
    }
}

#[test]
fn files_and_objects_are_opened_by_the_job() {
    let file = json!({"source": "file", "path": "a.csv", "format": "csv"});
    let object = json!({"source": "s3", "uri": "s3://bucket/key", "format": "csv"});
    for (input, code) in [(file, "NoDataDirectory: "), (object, "NoObjects: ")] {
        let failure = run(&input, 0).unwrap_err().to_string();
        assert!(failure.starts_with(code), "{failure}");
    }
}
