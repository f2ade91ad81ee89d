//! Objects of S3, from a stand-in for it: what arrives, what is refused, what breaks off.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use support::{program, reason};

/// A request as the stand-in saw it: path and headers.
type Seen = (String, HashMap<String, String>);
type Answer = Arc<dyn Fn(&Seen, &mut TcpStream) + Send + Sync>;

/// Answers on a port of its own until the test's process ends.
fn stand_in(
    answer: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (answer, requests): (Answer, _) = (Arc::new(answer), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer, seen) =
                (stream.unwrap(), Arc::clone(&answer), Arc::clone(&seen));
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map_while(Result::ok);
                let Some(first) = lines.next() else { return };
                let headers = lines
                    .take_while(|line| !line.is_empty())
                    .filter_map(|line| {
                        line.split_once(": ")
                            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                    })
                    .collect();
                let request = (
                    first.split(' ').nth(1).unwrap_or_default().to_owned(),
                    headers,
                );
                seen.lock().unwrap().push(request.clone());
                answer(&request, &mut stream);
            });
        }
    });
    (endpoint, requests)
}

/// Headers that announce so many bytes, and then these bytes; the connection ends.
fn send(stream: &mut TcpStream, status: &str, announced: usize, body: &[u8]) {
    let headers = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {announced}\r\netag: \"v1\"\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(headers.as_bytes());
    let _ = stream.write_all(body);
}

fn refuse(stream: &mut TcpStream, status: &str, code: &str) {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    send(stream, status, body.len(), body.as_bytes());
}

fn summarise(endpoint: &str, key: &str) -> Output {
    let input = json!({"source": "s3", "uri": format!("s3://bucket/{key}"), "format": "csv"});
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

fn check(output: &Output) {
    assert!(output.status.success(), "{}", reason(output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["records"], 100_000);
    assert_eq!(summary["columns"][0]["mean"], 50_000.5);
    assert_eq!(summary["columns"][1]["max"], "text 6");
}

#[test]
fn objects_are_read_as_they_are_or_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&csv()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(csv().as_slice(), 1).unwrap();
    let (endpoint, requests) = stand_in(move |(path, _), stream| {
        let body = match path.split('?').next() {
            Some("/bucket/plain.csv") => &csv(),
            Some("/bucket/deep/gzip") => &gzip,
            _ => &zstd,
        };
        send(stream, "200 OK", body.len(), body);
    });
    for key in ["plain.csv", "deep/gzip", "zstd"] {
        check(&summarise(&endpoint, key));
    }
    let requests = requests.lock().unwrap();
    assert!(
        requests
            .iter()
            .all(|(_, headers)| headers["authorization"].contains("Credential=test/"))
    );
}

#[test]
fn a_broken_connection_is_continued_where_it_broke() {
    let whole = csv();
    let half = whole.len() / 2;
    let (endpoint, requests) = stand_in(move |(_, headers), stream| {
        if headers.contains_key("range") {
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
    check(&summarise(&endpoint, "large.csv"));
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].1["range"], format!("bytes={half}-"));
    assert_eq!(requests[1].1["if-match"], "\"v1\"");
}

#[test]
fn an_object_replaced_meanwhile_is_not_glued_together() {
    let (endpoint, _) = stand_in(|(_, headers), stream| {
        if headers.contains_key("range") {
            refuse(stream, "412 Precondition Failed", "PreconditionFailed");
        } else {
            send(stream, "200 OK", 1000, b"a\n1\n");
        }
    });
    let output = summarise(&endpoint, "changing.csv");
    assert_eq!(output.status.code(), Some(75));
    assert!(
        reason(&output).starts_with("retryable failure ObjectChanged"),
        "{}",
        reason(&output)
    );
}

#[test]
fn what_s3_refuses_is_permanent_and_what_it_cannot_is_not() {
    let (endpoint, _) = stand_in(|(path, _), stream| match path.split('?').next() {
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
        let output = summarise(&endpoint, key);
        assert_eq!(output.status.code(), Some(exit_code), "{key}");
        assert_eq!(reason(&output), expected);
    }
    let nobody = summarise("http://127.0.0.1:1", "key");
    assert_eq!(nobody.status.code(), Some(75));
    assert!(reason(&nobody).starts_with("retryable failure StorageUnavailable: s3://bucket/key"));
}
