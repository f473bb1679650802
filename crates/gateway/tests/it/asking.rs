//! `POST /v1/query` through the wire, and the places an account has for its queries.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow_ipc::reader::StreamReader;
use async_trait::async_trait;
use client::acs3::encoded_query;
use query::{Answer, Engine, QueryError, Question, Window, WindowAnswers};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::engine::Tally;
use crate::log_service::{Call, code, scene_with};
use crate::node::{Node, Reply};
use crate::signing::{Key, Unsigned};

impl Node {
    async fn ask(&self, key: &Key, parameters: &[(&str, &str)]) -> Reply {
        let pairs = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let form = encoded_query(&pairs.collect::<Vec<_>>());
        let request = Unsigned::new("POST", "/v1/query").header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form).acs3(key, "LookupEvents", "2020-07-06", self.now())).await
    }
}

/// The rows of an answer, and what is said behind them.
fn answered(reply: &Reply) -> (Vec<RecordBatch>, Value) {
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.headers["content-type"], "application/vnd.apache.arrow.stream");
    let mut bytes = Cursor::new(&*reply.body);
    let batches = StreamReader::try_new(&mut bytes, None).unwrap().collect::<Result<_, _>>().unwrap();
    let said = &reply.body[usize::try_from(bytes.position()).unwrap()..];
    (batches, serde_json::from_slice(said).unwrap_or_else(|error| panic!("{error}: {said:?}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_in_arrow_and_says_whether_that_is_all() {
    let node = Node::with_engine(Some(Arc::new(Tally))).await;
    let (batches, said) = answered(&node.ask(&node.root, &[("sql", "select 1")]).await);
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
    assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), 1, "one table, the events");
    assert_eq!(batches[0].column(1).as_string::<i32>().value(0), "select 1");
    assert_eq!((&said["Complete"], &said["Rows"], &said["Code"]), (&json!(true), &json!(1), &Value::Null));
    // A position in the statement is one in the whole text.
    let query = [("query", "eventName: Deed | select 2"), ("from", "2026-06-01T00:00:00Z"), ("rows", "10")];
    let (batches, _) = answered(&node.ask(&node.root, &query).await);
    assert_eq!(batches[0].column(1).as_string::<i32>().value(0), format!("{}select 2", " ".repeat(18)));
    let recorded = node.audited(&node.root.account, "LookupEvents", 2).await;
    assert_eq!(recorded.len(), 2, "{recorded:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_answered_is_refused_before_the_first_row() {
    let node = Node::with_engine(Some(Arc::new(Tally))).await;
    for (parameters, expected) in [
        (&[("sql", "syntax")] as &[(&str, &str)], "InvalidQuery"),
        (&[("sql", "delete from events")], "InvalidQuery"),
        (&[("sql", "slow")], "QueryLimitExceeded"),
        (&[("query", "a: | select 1")], "InvalidQuery"),
        (&[("query", "*"), ("table", "nowhere")], "ResourceNotFound"),
        (&[("sql", "select 1"), ("query", "*")], "InvalidParameterCombination"),
        (&[], "InvalidParameterCombination"),
    ] {
        assert_eq!(node.ask(&node.root, parameters).await.error().1, expected, "{parameters:?}");
    }
    assert_eq!(node.audited(&node.root.account, "LookupEvents", 7).await.len(), 7, "refused questions are recorded");
    // Whoever may not read the events has no such table.
    let nobody = node.user(&node.root, "nobody", None).await;
    assert_eq!(node.ask(&nobody, &[("query", "*")]).await.error(), (404, "ResourceNotFound".into()));
    let without = Node::start().await;
    let refused = without.ask(&without.root, &[("sql", "select 1")]).await;
    assert_eq!(refused.error().1, "InvalidQuery");
    assert!(refused.text().contains("built without SQL"), "{}", refused.text());
}

/// Answers like [`Tally`], when it is let.
struct Gated {
    gate: Semaphore,
    begun: AtomicUsize,
}

#[async_trait]
impl Engine for Gated {
    async fn answer(&self, question: Question) -> Result<Answer, QueryError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _passed = self.gate.acquire().await.expect("never closed");
        Tally.answer(question).await
    }

    async fn answer_windows(&self, _: Question, _: Vec<Window>) -> Result<WindowAnswers, QueryError> {
        unreachable!("only rules are tried over windows")
    }

    async fn describe(&self, question: Question) -> Result<SchemaRef, QueryError> {
        Tally.describe(question).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_asks_too_much_at_once_is_refused_until_a_query_has_ended() {
    let engine = Arc::new(Gated { gate: Semaphore::new(0), begun: AtomicUsize::new(0) });
    let node = scene_with(Node::with_places(2, engine.clone()).await).await;
    let other = node.account("other").await;
    let get_logs = || {
        const QUERY: [(&str, &str); 4] =
            [("type", "log"), ("from", "1780000000"), ("to", "1790000000"), ("query", "* | select count(*) as n")];
        node.logs(&node.root, Call::new("GET", "/logstores/actiontrail_everything").query(&QUERY))
    };
    let sql = [("sql", "select 1")];
    let begun = async |queries: usize| {
        while engine.begun.load(Ordering::SeqCst) < queries {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let meanwhile = async {
        begun(2).await;
        // One of each is in work: both ways share the account's places.
        let both = async { tokio::join!(get_logs(), node.ask(&node.root, &sql)) };
        let both = tokio::time::timeout(Duration::from_secs(30), both).await;
        let (third, fourth) = both.expect("both are refused after a few seconds");
        assert_eq!(code(&third), (403, "ReadQuotaExceed".into()));
        assert!(third.text().contains("2 queries of this account are in work"), "{}", third.text());
        assert_eq!(fourth.error(), (400, "Throttling.User".into()));
        assert_eq!(engine.begun.load(Ordering::SeqCst), 2, "the engine was not asked");
        let opened = async {
            begun(3).await;
            engine.gate.add_permits(1);
        };
        // Another account has places of its own.
        tokio::join!(node.ask(&other, &sql), opened).0
    };
    let (first, second, theirs) = tokio::join!(get_logs(), node.ask(&node.root, &sql), meanwhile);
    assert_eq!(first.ok()[0]["n"], "1");
    for reply in [second, theirs, node.ask(&node.root, &sql).await] {
        assert_eq!(answered(&reply).1["Complete"], true);
    }
    assert_eq!(get_logs().await.ok()[0]["n"], "1");
}
