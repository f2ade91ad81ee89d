//! An HTTP server that stands in for a service of AWS.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as the stand-in saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Answers on a port of its own until the test's process ends; its address, and what it has seen.
pub(crate) fn stand_in(
    answer: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (answer, requests) = (Arc::new(answer), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer, seen) =
                (stream.unwrap(), Arc::clone(&answer), Arc::clone(&seen));
            thread::spawn(move || {
                let Some(request) = read(&stream) else { return };
                seen.lock().unwrap().push(request.clone());
                answer(&request, &mut stream);
            });
        }
    });
    (endpoint, requests)
}

fn read(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.split_once(": ")
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        })
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        path,
        headers,
        body,
    })
}

/// Headers that announce so many bytes, and then these bytes; the connection ends.
pub(crate) fn send(stream: &mut TcpStream, status: &str, announced: usize, body: &[u8]) {
    let headers = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {announced}\r\netag: \"v1\"\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(headers.as_bytes());
    let _ = stream.write_all(body);
}
