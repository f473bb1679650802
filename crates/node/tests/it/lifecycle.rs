//! Start, stop, start again; two at once; what is refused.

use std::time::{Duration, Instant};

use node::{FoundationError, Node, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::{config, get};

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_live_in_one_process_and_one_outlives_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut one = Node::start(&config(&folder.path().join("one"), &[])).await.expect("starts");
    let mut other = Node::start(&config(&folder.path().join("other"), &[])).await.expect("starts");
    let (key, other_key) = (one.take_first_key().expect("made"), other.take_first_key().expect("made"));
    assert_ne!(key.access_key_id, other_key.access_key_id);
    assert!(one.take_first_key().is_none(), "given once");
    let (address, other_address) = (one.address(), other.address());
    assert_eq!(get(address, "/healthz").await.0, 200);
    assert_eq!(get(other_address, "/readyz").await.0, 200);
    assert!(get(address, "/metrics").await.1.contains("cairn_journal"), "metrics are shown");

    one.stop().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert_eq!(get(other_address, "/readyz").await.0, 200);
    other.stop().await;

    let mut again = Node::start(&config(&folder.path().join("one"), &[])).await.expect("starts again");
    assert!(again.take_first_key().is_none(), "the account is there already");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_one_node_and_an_address_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let first = Node::start(&config(&data, &[])).await.expect("starts");
    let refused = Node::start(&config(&data, &[])).await.err().expect("the folder is taken");
    assert!(matches!(refused, StartError::Foundation(FoundationError::Lock(_))), "{refused:?}");
    assert!(refused.to_string().contains("in use by another node"), "{refused}");

    let mut same_address = config(&folder.path().join("another"), &[]);
    same_address.listen = first.address();
    let refused = Node::start(&same_address).await.err().expect("the address is taken");
    assert!(matches!(refused, StartError::Listen { .. }), "{refused:?}");
    first.stop().await;

    let mut again = Node::start(&same_address).await.expect("a start that failed leaves nothing locked");
    assert!(again.take_first_key().is_some(), "nor an account whose key nobody saw");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="];
    let with_key = |key| config(&folder.path().join("data"), &[("CAIRN_MASTER_KEY", key)]);
    Node::start(&with_key(keys[0])).await.expect("starts").stop().await;
    assert!(Node::start(&with_key(keys[1])).await.is_err(), "its secrets cannot be read with it");
    Node::start(&with_key(keys[0])).await.expect("nothing was harmed").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_requests_but_not_for_idle_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start(&config(&folder.path().join("data"), &[])).await.expect("starts");
    let address = node.address();
    let _silent = TcpStream::connect(address).await.expect("accepted");
    let mut kept_alive = TcpStream::connect(address).await.expect("accepted");
    kept_alive.write_all(b"GET /healthz HTTP/1.1\r\nhost: node\r\n\r\n").await.expect("the node reads");
    let mut start = [0; 12];
    kept_alive.read_exact(&mut start).await.expect("the node answers");
    assert_eq!(&start, b"HTTP/1.1 200");
    // Half a request: its client may be slow, or gone. It holds up a stop, but not for ever.
    let mut slow = TcpStream::connect(address).await.expect("accepted");
    let head = b"POST / HTTP/1.1\r\nhost: node\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n";
    slow.write_all(head).await.expect("the node reads");
    slow.read_exact(&mut start).await.expect("the node waits for the body");
    assert_eq!(&start, b"HTTP/1.1 100");

    let begun = Instant::now();
    node.stop().await;
    assert!(begun.elapsed() > Duration::from_secs(1), "the request had its chance: {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
