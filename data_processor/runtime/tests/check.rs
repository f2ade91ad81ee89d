//! The command `check`: whoever starts jobs on a new cluster learns from its one line what to look at.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::fake_service::{send, stand_in};
use support::reason;

const COMPLETE: [(&str, &str); 5] = [
    ("TABLE_NAME", "jobs"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// Runs it with nothing but these settings; an empty one stands for none.
fn check(endpoint: &str, changed: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_test-program"))
        .arg("check")
        .env_clear()
        .envs(COMPLETE)
        .env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        .envs(changed.iter().copied())
        .output()
        .unwrap()
}

/// Its exit code and its only line.
fn failure(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
    (output.status.code(), reason(output))
}

/// It is run before the first job, on tables that hold real ones: it must read, as a job's first request does, and
/// write nothing.
#[test]
fn one_consistent_read_is_all_it_does() {
    let (endpoint, requests) = stand_in(|_, stream| send(stream, "200 OK", 2, b"{}"));
    let output = check(&endpoint, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", reason(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("job-runtime: table jobs at {endpoint} can be read\n")
    );
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0].headers["x-amz-target"],
        "DynamoDB_20120810.GetItem"
    );
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body["TableName"], "jobs");
    assert_eq!(body["ConsistentRead"], true);
    // No job has an empty id.
    assert_eq!(body["Key"]["pk"]["S"], "JOB#");
}

/// Each of these has another remedy, which the line must name; the SDK's own words do not.
#[test]
fn a_refusal_says_what_to_look_at() {
    for (status, code, expected) in [
        (
            "400 Bad Request",
            "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
            "TABLE_NAME",
        ),
        (
            "400 Bad Request",
            "com.amazon.coral.service#AccessDeniedException",
            "dynamodb:GetItem",
        ),
        (
            "400 Bad Request",
            "com.amazon.coral.service#UnrecognizedClientException",
            "the credentials",
        ),
        (
            "400 Bad Request",
            "com.amazonaws.dynamodb.v20120810#SomethingNewException",
            "the message",
        ),
    ] {
        let body = format!(r#"{{"__type":"{code}","message":"said\nso"}}"#);
        let (endpoint, _) =
            stand_in(move |_, stream| send(stream, status, body.len(), body.as_bytes()));
        let (exit_code, line) = failure(&check(&endpoint, &[]));
        assert_eq!(exit_code, Some(75), "{line}");
        assert!(
            line.starts_with(&format!(
                "job-runtime: table jobs at {endpoint} cannot be read: "
            )),
            "{line}"
        );
        assert!(line.contains("said so"), "{line}");
        let (_, look_at) = line.split_once("Look at ").unwrap();
        assert!(look_at.contains(expected), "{line}");
    }
}

/// A port mixed up: a web server, not a table, answers.
#[test]
fn another_server_is_not_taken_for_a_table() {
    for status in ["404 Not Found", "200 OK"] {
        let (endpoint, _) = stand_in(move |_, stream| send(stream, status, 6, b"<html>"));
        let (exit_code, line) = failure(&check(&endpoint, &[]));
        assert_eq!(exit_code, Some(75), "{line}");
        assert!(
            line.ends_with("Look at the endpoint (AWS_ENDPOINT_URL_DYNAMODB)"),
            "{line}"
        );
    }
}

#[test]
fn nobody_there_is_the_network() {
    let (exit_code, line) = failure(&check("http://127.0.0.1:1", &[]));
    assert_eq!(exit_code, Some(75));
    assert!(line.contains("no connection"), "{line}");
    assert!(line.contains("Look at the network"), "{line}");
}

/// A network policy drops packets without a word: the probe's own deadline must not be what ends it.
#[test]
fn silence_ends_after_ten_seconds() {
    // Connections are accepted by the kernel, and nobody reads.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let output = check(&format!("http://{}", listener.local_addr().unwrap()), &[]);
    assert!(start.elapsed() < Duration::from_secs(14));
    let (exit_code, line) = failure(&output);
    assert_eq!(exit_code, Some(75));
    assert!(
        line.contains("no answer in time. Look at the network"),
        "{line}"
    );
}

#[test]
fn missing_credentials_are_told_from_a_missing_network() {
    let (endpoint, requests) = stand_in(|_, stream| send(stream, "200 OK", 2, b"{}"));
    let (exit_code, line) = failure(&check(&endpoint, &[("AWS_ACCESS_KEY_ID", "")]));
    assert_eq!(exit_code, Some(75));
    assert!(line.contains("no credentials"), "{line}");
    assert!(line.contains("Pod Identity"), "{line}");
    assert!(requests.lock().unwrap().is_empty());
}

/// A wrong setting is found before any connection, and named.
#[test]
fn wrong_settings_are_named() {
    for name in ["TABLE_NAME", "AWS_REGION"] {
        let (exit_code, line) = failure(&check("http://127.0.0.1:1", &[(name, "")]));
        assert_eq!(exit_code, Some(78));
        let expected = format!("job-runtime: wrong settings: {name} is not set; ");
        assert!(line.starts_with(&expected), "{line}");
    }
    let (exit_code, line) = failure(&check("127.0.0.1:8000", &[]));
    assert_eq!(exit_code, Some(78));
    assert!(line.contains("AWS_ENDPOINT_URL_DYNAMODB"), "{line}");
}
