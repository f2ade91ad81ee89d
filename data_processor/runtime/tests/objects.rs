//! Objects of S3, read by the function from a fake service: complete, rejected and interrupted downloads.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::process::Output;

use serde_json::json;
use support::fake_service::{send, start};
use support::{check_content, reason, run_program};

fn reject(stream: &mut TcpStream, status: &str, code: &str) {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    send(stream, status, body.len(), body.as_bytes());
}

fn read(endpoint: &str, key: &str) -> Output {
    let input = json!({"object": format!("s3://bucket/{key}")});
    let environment = [
        ("AWS_ENDPOINT_URL_S3", endpoint),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ];
    run_program(&input, None, &environment)
}

fn content() -> Vec<u8> {
    let mut text = "number,text\n".to_owned();
    for number in 1..=100_000 {
        text.extend([
            &number.to_string(),
            ",text ",
            &(number % 7).to_string(),
            "\n",
        ]);
    }
    text.into_bytes()
}

#[test]
fn objects_are_decompressed_if_necessary() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&content()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(content().as_slice(), 1).unwrap();
    let (endpoint, requests) = start(move |request, stream| {
        let body = match request.path.split('?').next() {
            Some("/bucket/plain.csv") => &content(),
            Some("/bucket/deep/gzip") => &gzip,
            _ => &zstd,
        };
        send(stream, "200 OK", body.len(), body);
    });
    for key in ["plain.csv", "deep/gzip", "zstd"] {
        check_content(&read(&endpoint, key), &content(), key);
    }
    let requests = requests.lock().unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.headers["authorization"].contains("Credential=test/"))
    );
}

#[test]
fn a_download_resumes_after_a_broken_connection() {
    let content_bytes = content();
    let half = content_bytes.len() / 2;
    let (endpoint, requests) = start(move |request, stream| {
        if request.headers.contains_key("range") {
            send(
                stream,
                "206 Partial Content",
                content_bytes.len() - half,
                &content_bytes[half..],
            );
        } else {
            send(
                stream,
                "200 OK",
                content_bytes.len(),
                &content_bytes[..half],
            );
        }
    });
    check_content(&read(&endpoint, "large.csv"), &content(), "large.csv");
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].headers["range"], format!("bytes={half}-"));
    assert_eq!(requests[1].headers["if-match"], "\"v1\"");
}

#[test]
fn an_object_that_was_replaced_is_a_retryable_failure() {
    let (endpoint, _) = start(|request, stream| {
        if request.headers.contains_key("range") {
            reject(stream, "412 Precondition Failed", "PreconditionFailed");
        } else {
            send(stream, "200 OK", 1000, b"a\n1\n");
        }
    });
    let output = read(&endpoint, "changing.csv");
    assert_eq!(output.status.code(), Some(75));
    assert!(
        reason(&output).starts_with("retryable failure ObjectChanged"),
        "{}",
        reason(&output)
    );
}

#[test]
fn a_rejection_is_permanent_and_an_unavailable_service_is_not() {
    let (endpoint, _) = start(|request, stream| match request.path.split('?').next() {
        Some("/bucket/missing") => reject(stream, "404 Not Found", "NoSuchKey"),
        Some("/bucket/denied") => reject(stream, "403 Forbidden", "AccessDenied"),
        Some("/bucket/elsewhere") => reject(stream, "301 Moved Permanently", "PermanentRedirect"),
        _ => reject(stream, "503 Slow Down", "SlowDown"),
    });
    for (key, exit_code, expected) in [
        (
            "missing",
            1,
            "permanent failure ObjectNotFound: s3://bucket/missing does not exist (NoSuchKey)",
        ),
        (
            "denied",
            1,
            "permanent failure ObjectDenied: the permission to read s3://bucket/denied is missing (AccessDenied)",
        ),
        (
            "elsewhere",
            1,
            "permanent failure ObjectUnreadable: s3://bucket/elsewhere: status 301 (PermanentRedirect)",
        ),
        (
            "busy",
            75,
            "retryable failure StorageUnavailable: s3://bucket/busy: SlowDown",
        ),
    ] {
        let output = read(&endpoint, key);
        assert_eq!(output.status.code(), Some(exit_code), "{key}");
        assert_eq!(reason(&output), expected);
    }
    let no_service = read("http://127.0.0.1:1", "key");
    assert_eq!(no_service.status.code(), Some(75));
    assert!(
        reason(&no_service).starts_with("retryable failure StorageUnavailable: s3://bucket/key")
    );
}
