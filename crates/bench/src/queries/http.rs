//! A client of one kept connection: just enough HTTP to send a signed request and read a reply of a known length.
//!
//! The name of a Log Service project is a label of the host, which no DNS on the machine resolves; here it is only said
//! in the header.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection that is made again when the server has closed it.
pub(super) struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    /// By name in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Result<&str> {
        self.headers.get(name).map(String::as_str).with_context(|| format!("the reply has no {name}"))
    }
}

impl Connection {
    pub(super) fn new(address: SocketAddr) -> Connection {
        Connection { address, stream: None }
    }

    /// Sends one request and reads its reply.
    pub(super) async fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Reply> {
        let mut head = format!("{method} {target} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await.context("could not connect")?;
                stream.set_nodelay(true)?;
                BufReader::new(stream)
            }
        };
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        stream.write_all(&request).await.context("could not send")?;
        let reply = read(&mut stream).await?;
        if reply.headers.get("connection").is_none_or(|value| value != "close") {
            self.stream = Some(stream);
        }
        Ok(reply)
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Result<Reply> {
    let mut line = String::new();
    stream.read_line(&mut line).await.context("no reply")?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("{line:?} is no reply"))?;
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        ensure!(stream.read_line(&mut line).await? > 0, "the reply broke off");
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let Some(length) = headers.get("content-length") else { bail!("the reply does not say how long it is") };
    let mut body = vec![0; length.parse().context("a length that is no number")?];
    stream.read_exact(&mut body).await.context("the reply broke off")?;
    Ok(Reply { status, headers, body })
}
