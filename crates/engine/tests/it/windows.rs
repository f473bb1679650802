//! A statement over many windows says of each what it says of it alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::SqlEngine;
use futures::StreamExt;
use model::Timestamp;
use query::{Cut, Engine, Limits, Meter, QueryError, Window, WindowAnswer};

use crate::node::{Node, limits, lines, question};
use crate::published::{invictus, rules};
use crate::watched::{Reads, Watched};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Queries of every shape: from rows to nested aggregates. (An approximate percentile depends on what is merged with what, here as
/// between two answers of one question.)
const QUERIES: &[&str] = &[
    "* | select count(1) as c",
    "* | select count(*) as c, min(__time__) as a, max(__time__) as b, count(distinct sourceIpAddress) as d",
    "errorCode: * | select eventName as n, count(*) as c group by n having count(*) > 2 limit 10000",
    r#"* | select "event.userIdentity.userName" as u, count(1) as c group by u order by c desc, u limit 3"#,
    "* | select serviceName as s, avg(length(eventId)) as a, array_join(array_sort(array_agg(distinct eventRW)), ',') as w, round(stddev(__time__ % 7) * 1000) as d group by s limit 1000",
    "* | select approx_distinct(eventName) as a, count_if(eventRW = 'Write') as w",
    "* | select eventName, eventId where eventRW = 'Write' and length(eventName) % 2 = 0 order by eventId limit 1000",
    "* | select eventId order by __time__ desc, eventId limit 3,5",
    "* | select distinct eventName as n, eventRW limit 10000",
    "* | select a.n as n, a.c as one, b.c as other from (select eventName as n, count(*) as c from log where eventRW = 'Write' group by n) a \
     join (select eventName as n, count(*) as c from log group by n) b on a.n = b.n limit 1000",
    "* | select eventName as n, count(*) * 100.0 / (select count(*) from log) as share group by n limit 1000",
    "* | select n, c from (select eventName as n, count(*) as c, row_number() over (order by count(*) desc, eventName) as r from log group by eventName) where r <= 3",
    "* | select sum(c) as c, max(u) as u from (select count(*) as c, 'a' as u from log where eventRW = 'Read' union all select count(*) as c, 'b' as u from log)",
    "* | select date_trunc('minute', __time__) as m, count(*) as c group by m limit 10000",
    "* | select count(*) as c where __time__ >= 1688988000 and __time__ < 1688995200",
    "* | select eventName as n, count(*) filter (where errorCode is not null) as c, max_by(eventId, eventId) as e group by n limit 1000",
    "* | select count(*) as c from log where eventName in (select eventName from log where errorCode is not null)",
    "nosuchword | select count(*) as c, max(eventName) as m",
    "* | select 1 as one",
];

/// Windows of this length that end so often, over all events and some time more.
fn windows(length: i64, every: i64, span: (i64, i64)) -> Vec<Window> {
    let mut windows = Vec::new();
    let mut before = span.0 - every;
    while before < span.1 + length + every {
        let at = Timestamp(before);
        windows.push(Window { from: Timestamp(before - length), before: at, now: at });
        before += every;
    }
    windows
}

/// The span of all events' times.
async fn span(node: &Node) -> (i64, i64) {
    let rows = node.rows("* | select min(__time__) as a, max(__time__) as b").await;
    let (first, last) = rows[0].split_once('|').unwrap();
    (first.parse::<i64>().unwrap() * 1000, last.parse::<i64>().unwrap() * 1000)
}

/// What each window says when it is asked alone.
async fn alone(node: &Node, query: &str, windows: &[Window]) -> Vec<Vec<String>> {
    let mut told = Vec::new();
    for window in windows {
        let mut question = question(query, limits());
        (question.from, question.before) = (window.from, window.before);
        let mut answer = node.engine.answer(question).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        let mut rows = Vec::new();
        while let Some(batch) = answer.batches.next().await {
            rows.extend(crate::node::texts(&batch.unwrap()));
        }
        let mut rows = lines(rows);
        rows.sort();
        told.push(rows);
    }
    told
}

/// The published events, some in a segment, some in memory, the later ones first.
async fn node() -> Node {
    let node = Node::open().await;
    let events = invictus();
    node.put(&events[2000..]).await;
    node.settle().await;
    node.put(&events[..2000]).await;
    node
}

async fn check(node: &Node, query: &str, windows: &[Window]) {
    let (told, made) = node.windows(query, windows, limits()).await;
    assert!(made > 0 && told.len() == windows.len(), "{query}");
    let alone = alone(node, query, windows).await;
    for ((told, alone), window) in told.into_iter().zip(alone).zip(windows) {
        let mut told = told.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        told.sort();
        assert_eq!(told, alone, "{query}: {window:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_window_is_answered_as_if_it_were_asked_alone() {
    let node = node().await;
    let span = span(&node).await;
    for (number, query) in QUERIES.iter().enumerate() {
        let hours = (span.1 - span.0) / HOUR;
        // Overlapping, side by side, with time between them.
        for (length, every) in [(5, 2), (3, 3), (1, 4)] {
            let unit = ((hours + number as i64 % 3) * HOUR / 18).max(MINUTE);
            check(&node, query, &windows(length * unit, every * unit, span)).await;
        }
    }
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn published_rules_say_of_each_window_what_they_say_of_it_alone() {
    let node = node().await;
    let span = span(&node).await;
    let windows = windows((span.1 - span.0) / 2, (span.1 - span.0) / 3, span);
    for rule in rules() {
        let query = rule["queries"][0].as_str().expect("a query");
        if query::parse(query).unwrap().sql.is_some() {
            check(&node, query, &windows).await;
        }
    }
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_once_and_what_is_the_same_is_not_worked_out_again() {
    let mut node = Node::open().await;
    node.put(&invictus()).await;
    node.settle().await;
    let span = span(&node).await;
    let reads = Reads::default();
    let watched = Watched { events: node.events(), reads: reads.clone() };
    node.engine = SqlEngine::over(Arc::new(watched)).unwrap();
    let windows = windows(15 * MINUTE, MINUTE / 4, span);
    let meter = limits();
    let mut question = question("errorCode: * | select eventName as n, count(*) as c group by n", meter);
    question.meter = Arc::new(Meter::new(meter));
    let counted = question.meter.clone();
    let mut answers = node.engine.answer_windows(question, windows.clone()).await.unwrap();
    let (mut same, mut rows) = (0, 0);
    while let Some(answer) = answers.next().await {
        match answer.unwrap() {
            WindowAnswer::Same => same += 1,
            WindowAnswer::Rows { cut, .. } => {
                assert_eq!(cut, None);
                rows += 1;
            }
        }
    }
    assert_eq!(same + rows, windows.len());
    assert!(same * 4 > windows.len(), "{same} of {} were the same", windows.len());
    assert!(reads.scans.load(Ordering::Relaxed) < 40, "{reads:?} for {} windows", windows.len());
    assert!(counted.rows() <= invictus().len() as u64, "{} rows were looked at", counted.rows());
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_present_is_that_of_the_window() {
    let node = node().await;
    let span = span(&node).await;
    let windows = windows(2 * HOUR, HOUR, span);
    let query = "* | select to_unixtime(now()) as a, to_unixtime(current_timestamp) as b, date_format(current_date, '%Y-%m-%d') as c, \
                 count_if(__time__ >= to_unixtime(now()) - 3600) as late";
    let (told, made) = node.windows(query, &windows, limits()).await;
    assert_eq!(made, windows.len(), "each has a present of its own");
    let last_hours: Vec<Window> =
        windows.iter().map(|each| Window { from: Timestamp(each.before.0 - HOUR), ..*each }).collect();
    let counts = alone(&node, "* | select count(*) as c", &last_hours).await;
    for ((told, window), count) in told.into_iter().zip(&windows).zip(counts) {
        let told = told.unwrap().remove(0);
        let (date, _) =
            window.now.to_string().split_once('T').map(|(date, time)| (date.to_owned(), time.to_owned())).unwrap();
        let seconds = window.now.0 / 1000;
        let late = if count.is_empty() { "0" } else { &count[0] };
        let numbers: Vec<&str> = told.split('|').collect();
        assert_eq!(numbers[0].parse::<f64>().unwrap() as i64, seconds, "{told}");
        assert_eq!(numbers[1].parse::<f64>().unwrap() as i64, seconds, "{told}");
        assert_eq!((numbers[2], numbers[3]), (date.as_str(), late), "{told}");
    }
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_have_limits() {
    let node = node().await;
    let span = span(&node).await;
    let all = windows(span.1 - span.0 + HOUR, HOUR, span);
    let every_event = "* | select eventId, event limit 100000";
    let small = Limits { memory_bytes: 1 << 20, ..limits() };
    let (told, _) = node.windows(every_event, &all, small).await;
    assert!(told.iter().any(|each| matches!(each, Err(QueryError::Memory { .. }))), "{told:?}");
    assert_eq!(told.len(), all.len(), "another window may need less");
    // What does not fit at once is read in shorter stretches.
    let parts = windows((span.1 - span.0) / 10, (span.1 - span.0) / 25, span);
    let (told, _) = node.windows(every_event, &parts, Limits { memory_bytes: 3 << 20, ..limits() }).await;
    for (told, alone) in told.into_iter().zip(alone(&node, every_event, &parts).await) {
        let mut told = told.unwrap();
        told.sort();
        assert!(told == alone, "{} rows, {} alone", told.len(), alone.len());
    }
    let falling = [all[1], all[0]].to_vec();
    let refused = node.engine.answer_windows(question(every_event, limits()), falling).await;
    assert!(matches!(refused.err().unwrap(), QueryError::Failed { kind: model::ErrorKind::Bug, .. }));
    let few = Limits { rows: 7, ..limits() };
    let mut answers = node.engine.answer_windows(question(every_event, few), all.clone()).await.unwrap();
    let mut most = 0;
    while let Some(answer) = answers.next().await {
        if let WindowAnswer::Rows { batches, cut } = answer.unwrap() {
            let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
            assert_eq!(cut, (rows == 7).then_some(Cut::Rows(7)));
            most = most.max(rows);
        }
    }
    assert_eq!(most, 7);
    let (told, _) = node.windows(every_event, &all, Limits { time: Duration::ZERO, ..limits() }).await;
    assert!(matches!(told.as_slice(), [Err(QueryError::Cut(Cut::Time(_)))]), "{told:?}");
    let wrong = node.engine.answer_windows(question("* | select nosuch", limits()), all).await;
    assert!(matches!(wrong.err().unwrap(), QueryError::Invalid { .. }));
    node.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_of_the_windows_it_is_in() {
    let node = node().await;
    let span = span(&node).await;
    let windows = windows(3 * HOUR, HOUR, span);
    for query in [
        "* | select sum(1 / (__time__ - __time__)) as never",
        "* | select 1 / (count(*) - count(*)) as never group by eventName",
    ] {
        let (told, _) = node.windows(query, &windows, limits()).await;
        assert_eq!(told.len(), windows.len());
        let events = alone(&node, "* | select count(*) as c", &windows).await;
        for (told, events) in told.into_iter().zip(events) {
            assert_eq!(told.is_ok(), events.is_empty() || events == ["0"], "{query}: {told:?} {events:?}");
        }
    }
    node.close().await;
}
