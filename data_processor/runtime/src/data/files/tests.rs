use std::os::unix::fs::symlink;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// Creates a data directory, and beside it a file that does not belong to it.
fn directory() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    fs::create_dir_all(data.join("deep")).unwrap();
    fs::write(outer.path().join("secret"), "secret\n1\n").unwrap();
    fs::write(data.join("deep/a.csv"), "a,b\n1,x\n2,y\n").unwrap();
    symlink("../secret", data.join("out")).unwrap();
    symlink("..", data.join("up")).unwrap();
    symlink("deep/a.csv", data.join("in")).unwrap();
    (outer, data)
}

#[test]
fn a_path_outside_is_rejected_without_the_location_of_the_directory() {
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
            "contains the location of the directory: {failure}"
        );
    }
}

proptest! {
    /// Any path of these parts resolves to the file inside, or fails.
    #[test]
    fn every_resolved_path_is_inside(
        parts in prop::collection::vec(prop_oneof![
            Just(".."), Just("."), Just(""), Just("deep"), Just("a.csv"), Just("out"), Just("up"), Just("in"),
            Just("secret"), Just("data"),
        ], 1..6),
        absolute in any::<bool>(),
    ) {
        let (_outer, data) = directory();
        let path = format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"));
        if let Ok(resolved) = resolve(&data, &path) {
            prop_assert_eq!(resolved, fs::canonicalize(data.join("deep/a.csv")).unwrap());
        }
    }
}
