//! The least of an HTTP client.

use std::net::SocketAddr;
use std::path::Path;

use node::{Config, Flags, Loaded};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// A node's configuration on a folder and a free port, with further variables.
pub(crate) fn config(data: &Path, variables: &[(&str, &str)]) -> Config {
    let flags = Flags { data: Some(data.to_owned()), listen: Some(([127, 0, 0, 1], 0).into()) };
    // One port for all nodes would be taken by the first; a test that needs it says so.
    let variables = [("CAIRN_POSTGRES_LISTEN", "")].iter().chain(variables);
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Loaded::load(None, variables, &flags).expect("valid").config
}

/// Status and body of a GET without a signature.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let stream = TcpStream::connect(address).await.expect("somebody listens");
    get_over(stream, path).await
}

pub(crate) async fn get_over(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the node reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the node answers");
    let answer = String::from_utf8(answer).expect("text");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}
