//! Statements over a handful of events, with answers told by hand.

use std::sync::Arc;

use futures::StreamExt;
use query::{Cut, Engine, Limits, QueryError};

use crate::node::{Node, limits, question};

fn events() -> Vec<String> {
    let event = |n: usize, second: usize, name: &str, user: &str, error: Option<&str>, parameters: &str| {
        let error = error.map(|code| format!(r#","errorCode":"{code}""#)).unwrap_or_default();
        let parameters = parameters.replace('"', "\\\"");
        format!(
            r#"{{"eventId":"e{n}","eventTime":"2026-01-02T03:04:{second:02}Z","eventName":"{name}","eventRW":"Write",
            "userIdentity":{{"type":"ram-user","userName":"{user}"}},"requestParameterJson":"{parameters}"{error}}}"#
        )
    };
    vec![
        event(1, 1, "RunInstances", "alice", None, r#"{"Size":5,"Zone":"a"}"#),
        event(2, 2, "RunInstances", "bob", Some("Denied"), r#"{"Size":7,"Zone":"b"}"#),
        event(3, 3, "StopInstance", "alice", Some("Denied"), r#"{}"#),
        event(4, 4, "StopInstance", "carol", None, r#"{"Size":1}"#),
    ]
}

async fn node() -> Node {
    let node = Node::open().await;
    let events = events();
    node.put(&events[..2]).await;
    node.settle().await;
    node.put(&events[2..]).await;
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn answers() {
    let node = node().await;
    for (query, expected) in [
        ("* | select count(1) as c", vec!["4"]),
        ("* | select count(*) as c from log where eventName = 'RunInstances'", vec!["2"]),
        ("eventName: StopInstance | select count(*) as c", vec!["2"]),
        ("* | select eventName as n, count(*) as c group by n order by n", vec!["RunInstances|2", "StopInstance|2"]),
        (
            r#"* | select "event.userIdentity.userName" as u, count_if(errorCode is not null) as failed group by u order by failed desc, u"#,
            vec!["alice|1", "bob|1", "carol|0"],
        ),
        (
            "* | select __time__, EVENTNAME where __time__ >= 1767323043 order by __time__",
            vec!["1767323043|StopInstance", "1767323044|StopInstance"],
        ),
        ("* | select max(__time__) - min(__time__) as seconds", vec!["3"]),
        ("* | select eventId order by __time__ desc limit 1,2", vec!["e3", "e2"]),
        (
            r#"* | select "event.requestParameterJson.Zone" as z, count(*) as c group by z order by c desc, z"#,
            vec!["NULL|2", "a|1", "b|1"],
        ),
        (
            "* | select t.n from (select eventName as N from actiontrail_all) as T where t.n like 'Run%'",
            vec!["RunInstances", "RunInstances"],
        ),
        ("* | with x as (select eventName as n from log) select count(distinct n) as c from X", vec!["2"]),
        ("* | select __topic__, __source__ limit 1", vec!["actiontrail_audit_event|actiontrail_internal"]),
        ("eventId: e1 | select event", vec![events()[0].as_str()]),
        (
            "* | select arbitrary(errorCode) as e, arbitrary(absent) as a from (select errorCode, \"event.absent\" as absent from log)",
            vec!["Denied|NULL"],
        ),
        ("* | select sum(case when errorCode is null then 0 else 1 end) as c having sum(1) > 3", vec!["2"]),
        ("* | select 1 + 1 as two", vec!["2"]),
    ] {
        assert_eq!(node.rows(query).await, expected, "{query}");
    }
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_end_a_query_and_say_so() {
    let node = node().await;
    let cut = |result: Result<_, QueryError>| match result {
        Err(QueryError::Cut(cut)) => cut,
        other => panic!("{other:?}"),
    };
    let rows = Limits { rows: 3, ..limits() };
    assert_eq!(cut(node.ask_within("* | select eventId", rows).await), Cut::Rows(3));
    assert_eq!(node.ask_within("* | select eventId limit 3", rows).await.unwrap().1.len(), 3);
    let bytes = Limits { scanned_bytes: 10, ..limits() };
    assert_eq!(cut(node.ask_within("* | select count(*) as c from log a, log b", bytes).await), Cut::ScannedBytes(10));
    let time = Limits { time: std::time::Duration::from_millis(300), ..limits() };
    let endless =
        "* | with recursive n as (select 1 as i union all select i + 1 from n where i > 0) select count(*) as c from n";
    let started = std::time::Instant::now();
    assert_eq!(cut(node.ask_within(endless, time).await), Cut::Time(time.time));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    let memory = Limits { memory_bytes: 1 << 20, ..limits() };
    let large = "* | select array_agg(a.x) as all from (select unnest(range(0, 1000000)) as x) a";
    match node.ask_within(large, memory).await {
        Err(QueryError::Memory { limit_bytes }) => assert_eq!(limit_bytes, 1 << 20),
        other => panic!("{:?}", other.map(|(_, rows)| rows.len())),
    }
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_dropped_ends_its_query() {
    let node = node().await;
    let endless = "* | with recursive n as (select 1 as i union all select i + 1 from n where i > 0) ";
    // One that never has a row, and one whose rows wait until they are taken.
    for (select, rows) in [("select count(*) as c from n", 0), ("select i from n", 1)] {
        let question = question(&format!("{endless}{select}"), Limits { rows: usize::MAX, ..limits() });
        let meter = question.meter.clone();
        let mut answer = node.engine.answer(question).await.unwrap();
        for _ in 0..rows {
            assert!(answer.batches.next().await.unwrap().unwrap().num_rows() > 0);
        }
        assert_eq!(meter.check(), Ok(()));
        assert!(Arc::strong_count(&meter) > 1, "the query is in work");
        drop(answer);
        assert_eq!(meter.check(), Err(Cut::Cancelled));
        // Whoever works for it holds its meter.
        let dropped = std::time::Instant::now();
        while Arc::strong_count(&meter) > 1 {
            assert!(dropped.elapsed().as_secs() < 10, "{select}: somebody still works for it");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_is_wrong() {
    let node = node().await;
    for (query, expected) in [
        ("* | select key-11 from log", "column 'key' cannot be resolved"),
        ("* | select eventId from nowhere", "nowhere"),
        ("* | select nosuch(eventId) as x", "nosuch"),
        ("* | drop table log", "DROP is not possible here: everything is read-only"),
        ("* | select count(", "Expected: an expression"),
    ] {
        let error = node.ask(query).await.unwrap_err();
        assert_eq!(error.kind(), model::ErrorKind::Invalid, "{query}: {error:?}");
        assert!(error.to_string().contains(expected), "{query}: {error}");
    }
    node.close().await;
}
