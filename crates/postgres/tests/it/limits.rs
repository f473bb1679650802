use std::time::{Duration, Instant};

use postgres::Config;
use query::Limits;
use tokio_postgres::NoTls;

use crate::setup::{Refusal, asked, setup, setup_with};

#[tokio::test]
async fn a_query_can_be_cancelled_from_outside() {
    let node = setup().await;
    let client = node.connect().await;
    let token = client.cancel_token();
    let waiting = tokio::spawn(async move {
        let outcome = asked(&client, "SELECT forever").await;
        (outcome, client)
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    token.cancel_query(NoTls).await.unwrap();
    let (outcome, client) = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    let refusal = outcome.unwrap_err();
    assert_eq!(refusal.code, "57014");
    assert!(refusal.message.contains("user request"), "{refusal:?}");
    assert_eq!(asked(&client, "SELECT 1").await.unwrap(), "SELECT 1", "the connection goes on");
}

#[tokio::test]
async fn a_statement_ends_after_its_time() {
    let node = setup().await;
    let client = node.connect().await;
    client.batch_execute("SET statement_timeout = '200ms'").await.unwrap();
    let started = Instant::now();
    let refusal = asked(&client, "SELECT forever").await.unwrap_err();
    assert_eq!(refusal.code, "57014");
    assert!(refusal.message.contains("statement timeout"), "{refusal:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
    let of_node = Limits { time: Duration::from_millis(200), rows: 1500, scanned_bytes: 1, memory_bytes: 1 };
    let node = setup_with(Config { connections_max: 2, limits: of_node }).await;
    let client = node.connect().await;
    client.batch_execute("SET statement_timeout = '1h'").await.unwrap();
    assert_eq!(asked(&client, "SELECT forever").await.unwrap_err().code, "57014", "the node's limit is the end");
    let too_many = client.query("SELECT count 1501", &[]).await.map_err(Refusal::of).unwrap_err();
    assert_eq!(too_many.code, "54000", "a cut result is an error");
    assert_eq!(client.query("SELECT count 1500", &[]).await.unwrap().len(), 1500);
}

#[tokio::test]
async fn an_account_has_so_many_queries_at_once() {
    let node = setup().await;
    let clients = [node.connect().await, node.connect().await, node.connect().await];
    let tokens: Vec<_> = clients[..2].iter().map(|client| client.cancel_token()).collect();
    let [one, two, three] = clients;
    let waiting = [one, two].map(|client| tokio::spawn(async move { asked(&client, "SELECT forever").await }));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(asked(&three, "SELECT 1").await.unwrap_err().code, "53300");
    for token in tokens {
        token.cancel_query(NoTls).await.unwrap();
    }
    for waiting in waiting {
        assert!(waiting.await.unwrap().is_err());
    }
    assert_eq!(asked(&three, "SELECT 1").await.unwrap(), "SELECT 1");
}

#[tokio::test]
async fn a_stopping_node_ends_idle_connections() {
    let node = setup().await;
    let client = node.connect().await;
    node.shutdown.begin();
    node.shutdown.finish(Duration::from_secs(5)).await;
    assert!(tokio::time::timeout(Duration::from_secs(5), client.simple_query("SELECT 1")).await.unwrap().is_err());
}
