//! An HTTP server that takes the place of an AWS service.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request that the service received.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Starts a service on a free port until the process of the test ends. Returns its address and the requests so far.
pub(crate) fn start(
    respond: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (respond, requests) = (Arc::new(respond), Arc::new(Mutex::new(Vec::new())));
    let received = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, respond, received) =
                (stream.unwrap(), Arc::clone(&respond), Arc::clone(&received));
            thread::spawn(move || {
                let Some(request) = read(&stream) else { return };
                received.lock().unwrap().push(request.clone());
                respond(&request, &mut stream);
            });
        }
    });
    (endpoint, requests)
}

fn read(stream: &TcpStream) -> Option<Request> {
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
    Some(Request {
        path,
        headers,
        body,
    })
}

/// Sends headers that announce this many bytes, then the body, and closes the connection.
pub(crate) fn send(stream: &mut TcpStream, status: &str, announced: usize, body: &[u8]) {
    let headers = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {announced}\r\netag: \"v1\"\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(headers.as_bytes());
    let _ = stream.write_all(body);
}
