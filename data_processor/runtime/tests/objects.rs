//! Objects of S3, from a stand-in for it: what arrives, what is refused, what breaks off.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::process::Output;

use serde_json::json;
use support::fake_service::{send, stand_in};
use support::{check_content, program, reason};

fn refuse(stream: &mut TcpStream, status: &str, code: &str) {
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
    program(&input, None, &environment)
}

fn csv() -> Vec<u8> {
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
fn objects_are_read_as_they_are_or_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&csv()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(csv().as_slice(), 1).unwrap();
    let (endpoint, requests) = stand_in(move |seen, stream| {
        let body = match seen.path.split('?').next() {
            Some("/bucket/plain.csv") => &csv(),
            Some("/bucket/deep/gzip") => &gzip,
            _ => &zstd,
        };
        send(stream, "200 OK", body.len(), body);
    });
    for key in ["plain.csv", "deep/gzip", "zstd"] {
        check_content(&read(&endpoint, key), &csv(), key);
    }
    let requests = requests.lock().unwrap();
    assert!(
        requests
            .iter()
            .all(|seen| seen.headers["authorization"].contains("Credential=test/"))
    );
}

#[test]
fn a_broken_connection_is_continued_where_it_broke() {
    let whole = csv();
    let half = whole.len() / 2;
    let (endpoint, requests) = stand_in(move |seen, stream| {
        if seen.headers.contains_key("range") {
            send(
                stream,
                "206 Partial Content",
                whole.len() - half,
                &whole[half..],
            );
        } else {
            send(stream, "200 OK", whole.len(), &whole[..half]);
        }
    });
    check_content(&read(&endpoint, "large.csv"), &csv(), "large.csv");
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].headers["range"], format!("bytes={half}-"));
    assert_eq!(requests[1].headers["if-match"], "\"v1\"");
}

#[test]
fn an_object_replaced_meanwhile_is_not_glued_together() {
    let (endpoint, _) = stand_in(|seen, stream| {
        if seen.headers.contains_key("range") {
            refuse(stream, "412 Precondition Failed", "PreconditionFailed");
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
fn what_s3_refuses_is_permanent_and_what_it_cannot_is_not() {
    let (endpoint, _) = stand_in(|seen, stream| match seen.path.split('?').next() {
        Some("/bucket/missing") => refuse(stream, "404 Not Found", "NoSuchKey"),
        Some("/bucket/denied") => refuse(stream, "403 Forbidden", "AccessDenied"),
        Some("/bucket/elsewhere") => refuse(stream, "301 Moved Permanently", "PermanentRedirect"),
        _ => refuse(stream, "503 Slow Down", "SlowDown"),
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
            "permanent failure ObjectDenied: s3://bucket/denied may not be read by this job (AccessDenied)",
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
    let nobody = read("http://127.0.0.1:1", "key");
    assert_eq!(nobody.status.code(), Some(75));
    assert!(reason(&nobody).starts_with("retryable failure StorageUnavailable: s3://bucket/key"));
}
