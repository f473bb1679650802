//! A webhook's receiver: takes requests over connections that stay open, and notes when each came.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// More than a request has.
const REQUEST_BYTES_MAX: usize = 1 << 20;

type Arrived = Arc<Mutex<HashMap<usize, Instant>>>;

pub(super) struct Receiver {
    address: SocketAddr,
    arrived: Arrived,
}

impl Receiver {
    /// Receives until the process ends.
    pub(super) async fn start() -> Result<Receiver> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("could not listen")?;
        let (address, arrived) = (listener.local_addr()?, Arrived::default());
        let into = arrived.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                // A sender that goes away has its own trouble.
                tokio::spawn(serve(connection, into.clone()));
            }
        });
        Ok(Receiver { address, arrived })
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The numbers of the marked events that notifications named, and when each came first.
    pub(super) fn arrived(&self) -> HashMap<usize, Instant> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut connection: TcpStream, arrived: Arrived) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            match request_end(&bytes) {
                Some(end) if bytes.len() >= end => break end,
                _ if bytes.len() > REQUEST_BYTES_MAX => return None,
                _ => {}
            }
            if connection.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let request: Vec<u8> = bytes.drain(..end).collect();
        if let Some(number) = marked(&request) {
            arrived.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_insert_with(Instant::now);
        }
        connection.write_all(ANSWER).await.ok()?;
    }
}

/// Where the first request ends, as soon as its head is there.
fn request_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    Some(head + length.unwrap_or(0))
}

/// The number in `marked-<number>-`.
fn marked(request: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(request);
    text.split_once("marked-")?.1.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_cut_and_read() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n\"marked-42-\"POST";
        assert_eq!(request_end(&request[..30]), None);
        assert_eq!(request_end(request), Some(50));
        assert_eq!((marked(request), marked(b"unmarked")), (Some(42), None));
    }
}
