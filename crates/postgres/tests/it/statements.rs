use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::Type;

use crate::setup::{Refusal, asked, setup};

#[tokio::test]
async fn rows_come_through_both_protocols_and_in_portions() {
    let node = setup().await;
    let mut client = node.connect().await;
    let rows = client.query("SELECT count 2500", &[]).await.unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.get("n")).collect();
    assert_eq!(numbers, (0..2500).collect::<Vec<i64>>());
    let simple = client.simple_query("SELECT count 2; SELECT 'a;b'; ;").await.unwrap();
    let texts: Vec<&str> = simple
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["0", "1", "SELECT 'a;b'"]);
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT count 25", &[]).await.unwrap();
    let mut lens = Vec::new();
    for _ in 0..3 {
        lens.push(transaction.query_portal(&portal, 10).await.unwrap().len());
    }
    assert_eq!(lens, [10, 10, 5]);
    transaction.commit().await.unwrap();
    assert!(
        client.simple_query(" ; -- nothing\n").await.unwrap().iter().all(|m| !matches!(m, SimpleQueryMessage::Row(_)))
    );
}

#[tokio::test]
async fn parameters_are_literals_and_cannot_leave_their_quotes() {
    let node = setup().await;
    let client = node.connect().await;
    let statement =
        client.prepare_typed("SELECT x WHERE a = $1 AND b = $2 -- $3", &[Type::TEXT, Type::INT8]).await.unwrap();
    let row = client.query_one(&statement, &[&"it's'; DROP", &-5_i64]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "SELECT x WHERE a = 'it''s''; DROP' AND b = (-5)");
    let statement = client.prepare("SELECT x WHERE a = $1").await.unwrap();
    assert_eq!(statement.params(), [Type::TEXT]);
    let row = client.query_one(&statement, &[&None::<String>]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "SELECT x WHERE a = NULL");
}

#[tokio::test]
async fn errors_have_codes_and_point_into_what_was_sent() {
    let node = setup().await;
    let client = node.connect().await;
    let said = |error| Refusal::of(error);
    let syntax = said(client.batch_execute("SELECT 'é'; SELECT oops").await.unwrap_err());
    assert_eq!((syntax.code.as_str(), syntax.position), ("42601", Some(20)));
    let syntax = said(client.query("SELECT $1, oops", &[&"a longer value"]).await.unwrap_err());
    assert_eq!((syntax.code.as_str(), syntax.position), ("42601", Some(12)));
    assert_eq!(asked(&client, "SELECT nowhere").await.unwrap_err().code, "42P01");
    for change in
        ["INSERT INTO events VALUES (1)", "create table t (a int)", "DROP TABLE events", "COPY events TO STDOUT"]
    {
        assert_eq!(said(client.batch_execute(change).await.unwrap_err()).code, "25006", "{change}");
        assert_eq!(asked(&client, change).await.unwrap_err().code, "25006", "{change}");
    }
    let two = said(client.query("SELECT 1; SELECT 2", &[]).await.unwrap_err());
    assert_eq!(two.code, "42601");
    assert_eq!(asked(&client, "SELECT 1").await.unwrap(), "SELECT 1", "the connection goes on");
}

#[tokio::test]
async fn transactions_and_settings_are_taken() {
    let node = setup().await;
    let client = node.connect().await;
    client.batch_execute("BEGIN; SELECT 1; COMMIT; SET application_name = 'tests'; SET my.own TO 'x'").await.unwrap();
    assert_eq!(asked(&client, "SHOW application_name").await.unwrap(), "tests");
    assert_eq!(asked(&client, "SHOW my.own").await.unwrap(), "x");
    assert_eq!(asked(&client, "SHOW server_version").await.unwrap(), "16.6");
    assert_eq!(asked(&client, "SHOW no_such_setting").await.unwrap_err().code, "42704");
    client.batch_execute("DISCARD ALL").await.unwrap();
    assert_eq!(asked(&client, "SHOW application_name").await.unwrap(), "");
    client.batch_execute("BEGIN").await.unwrap();
    asked(&client, "SELECT oops").await.unwrap_err();
    assert_eq!(asked(&client, "SELECT 1").await.unwrap_err().code, "25P02");
    client.batch_execute("ROLLBACK").await.unwrap();
    asked(&client, "SELECT 1").await.unwrap();
}
