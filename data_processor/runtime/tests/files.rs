//! The data directory: what lies in it can be read, nothing outside it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use data_processor::runtime::data::resolve;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{program, reason, run};
use tempfile::TempDir;

const CSV: &str = "a,b\n1,x\n2,y\n";

/// A directory of data beside a file that is none of it.
fn directory() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    fs::create_dir_all(data.join("deep")).unwrap();
    fs::write(outer.path().join("secret"), "secret\n1\n").unwrap();
    fs::write(data.join("deep/a.csv"), CSV).unwrap();
    symlink("../secret", data.join("out")).unwrap();
    symlink("..", data.join("up")).unwrap();
    symlink("deep/a.csv", data.join("in")).unwrap();
    (outer, data)
}

fn input(path: &str) -> Value {
    json!({"source": "file", "path": path, "format": "csv"})
}

#[test]
fn files_are_read_as_they_are_or_unpacked() {
    let (_outer, data) = directory();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(CSV.as_bytes()).unwrap();
    // Their names say nothing: their first bytes do.
    fs::write(data.join("b.csv"), gzip.finish().unwrap()).unwrap();
    fs::write(
        data.join("c.gz"),
        zstd::encode_all(CSV.as_bytes(), 3).unwrap(),
    )
    .unwrap();
    for path in ["deep/a.csv", "./deep/a.csv", "in", "b.csv", "c.gz"] {
        let output = program(&input(path), Some(&data), &[]);
        assert!(output.status.success(), "{path}: {}", reason(&output));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["records"], 2, "{path}");
        assert_eq!(summary["columns"][0]["mean"], 1.5, "{path}");
    }
}

#[test]
fn no_way_leads_out() {
    let (_outer, data) = directory();
    for path in [
        "../secret",
        "deep/../../secret",
        "/etc/passwd",
        "out",
        "up/secret",
        "..",
        "deep/..",
    ] {
        let failure = resolve(&data, path).unwrap_err().to_string();
        assert!(failure.starts_with("PathOutsideData"), "{path}: {failure}");
    }
    for (path, code) in [
        ("no.csv", "FileNotFound"),
        ("deep", "NotAFile"),
        ("", "NotAFile"),
        ("in/x", "FileNotFound"),
    ] {
        let failure = resolve(&data, path).unwrap_err().to_string();
        assert!(failure.starts_with(code), "{path}: {failure}");
        assert!(
            !failure.contains(data.to_str().unwrap()),
            "says where the directory lies: {failure}"
        );
    }
}

proptest! {
    /// Whatever path is built of such pieces: what it resolves to is a file inside.
    #[test]
    fn every_resolved_path_is_inside(
        pieces in prop::collection::vec(prop_oneof![
            Just(".."), Just("."), Just(""), Just("deep"), Just("a.csv"), Just("out"), Just("up"), Just("in"),
            Just("secret"), Just("data"),
        ], 1..6),
        absolute in any::<bool>(),
    ) {
        let (_outer, data) = directory();
        let path = format!("{}{}", if absolute { "/" } else { "" }, pieces.join("/"));
        if let Ok(resolved) = resolve(&data, &path) {
            prop_assert_eq!(resolved, fs::canonicalize(data.join("deep/a.csv")).unwrap());
        }
    }
}

#[test]
fn without_a_data_directory_there_are_no_files() {
    let failure = run(&input("a.csv"), 0).unwrap_err().to_string();
    assert_eq!(
        failure,
        "NoDataDirectory: files can only be read where the runtime was given a data directory"
    );
    let output = program(&input("a.csv"), None::<&Path>, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(reason(&output).starts_with("permanent failure NoDataDirectory"));
}
