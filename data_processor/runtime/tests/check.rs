//! The command `check`. Its only line tells the user of a new cluster what to check.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod support;

use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::fake_service::{send, start};
use support::reason;

const COMPLETE: [(&str, &str); 5] = [
    ("TABLE_NAME", "jobs"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// Runs the command with these settings only. An empty setting counts as unset.
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

/// Returns the exit code and the only line.
fn failure(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
    (output.status.code(), reason(output))
}

/// The command may run on a table with real jobs: it must read, like the first request of a job, and not write.
#[test]
fn it_makes_one_consistent_read() {
    let (endpoint, requests) = start(|_, stream| send(stream, "200 OK", 2, b"{}"));
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
    // A job's id is never empty.
    assert_eq!(body["Key"]["pk"]["S"], "JOB#");
}

/// Each rejection has its own remedy. The line must name it, because the message of the SDK does not.
#[test]
fn a_rejection_tells_what_to_check() {
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
        let body = format!(r#"{{"__type":"{code}","message":"two\nlines"}}"#);
        let (endpoint, _) =
            start(move |_, stream| send(stream, status, body.len(), body.as_bytes()));
        let (exit_code, line) = failure(&check(&endpoint, &[]));
        assert_eq!(exit_code, Some(75), "{line}");
        assert!(
            line.starts_with(&format!(
                "job-runtime: table jobs at {endpoint} cannot be read: "
            )),
            "{line}"
        );
        assert!(line.contains("two lines"), "{line}");
        let (_, advice) = line.split_once(". Check ").unwrap();
        assert!(advice.contains(expected), "{line}");
    }
}

/// With a wrong port, the response comes from another web server.
#[test]
fn another_server_is_not_taken_for_a_table() {
    for status in ["404 Not Found", "200 OK"] {
        let (endpoint, _) = start(move |_, stream| send(stream, status, 6, b"<html>"));
        let (exit_code, line) = failure(&check(&endpoint, &[]));
        assert_eq!(exit_code, Some(75), "{line}");
        assert!(
            line.ends_with("Check the endpoint (AWS_ENDPOINT_URL_DYNAMODB)"),
            "{line}"
        );
    }
}

#[test]
fn a_refused_connection_is_a_network_problem() {
    let (exit_code, line) = failure(&check("http://127.0.0.1:1", &[]));
    assert_eq!(exit_code, Some(75));
    assert!(line.contains("no connection"), "{line}");
    assert!(line.contains("Check the network"), "{line}");
}

/// A network policy drops packets silently. The command must end before the deadline of the pod.
#[test]
fn a_missing_response_ends_after_ten_seconds() {
    // The kernel accepts connections, but requests are never read.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let output = check(&format!("http://{}", listener.local_addr().unwrap()), &[]);
    assert!(start.elapsed() < Duration::from_secs(14));
    let (exit_code, line) = failure(&output);
    assert_eq!(exit_code, Some(75));
    assert!(
        line.contains("no response in time. Check the network"),
        "{line}"
    );
}

#[test]
fn missing_credentials_are_reported_before_the_network_is_used() {
    let (endpoint, requests) = start(|_, stream| send(stream, "200 OK", 2, b"{}"));
    let (exit_code, line) = failure(&check(&endpoint, &[("AWS_ACCESS_KEY_ID", "")]));
    assert_eq!(exit_code, Some(75));
    assert!(line.contains("no credentials"), "{line}");
    assert!(line.contains("Pod Identity"), "{line}");
    assert!(requests.lock().unwrap().is_empty());
}

/// A wrong setting is reported before a connection is made.
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
