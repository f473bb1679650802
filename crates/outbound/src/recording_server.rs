//! An HTTP server for tests: it gives the answers it was told, one for each request, and tells what it was sent.
//!
//! It speaks no more than the tests need: a body has a length, and each connection is for one request. It ends with its
//! last answer, so whoever calls once more finds nobody.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

/// In place of a status line: nothing is answered until long after callers lose their patience.
pub(crate) const HANG: &str = "hang";

/// What arrived.
pub(crate) struct Recorded {
    pub(crate) line: String,
    /// Their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn read(stream: &mut BufReader<TcpStream>) -> Recorded {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let header = |line: &String| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
        let headers = lines[1..].iter().filter_map(header).collect();
        let mut recorded = Recorded { line: lines.remove(0), headers, body: Vec::new() };
        recorded.body = vec![0; recorded.header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut recorded.body).unwrap();
        recorded
    }
}

/// A server with these answers: status line (more headers may follow in it) and body. Returns its URL.
pub(crate) fn server(answers: Vec<(&'static str, String)>) -> (String, Receiver<Recorded>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (head, answer) in answers {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let recorded = Recorded::read(&mut stream);
            if head == HANG {
                sleep(Duration::from_secs(6));
                continue;
            }
            let length = answer.len();
            let reply = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
            stream.into_inner().write_all(reply.as_bytes()).unwrap();
            // A test that does not ask has dropped its end.
            let _ = tell.send(recorded);
        }
    });
    (url, told)
}
