//! Counting over combinations says what counting over events says, and is used where it should be.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::SqlEngine;

use crate::node::Node;
use crate::published::invictus;
use crate::watched::{Reads, Watched};

/// A query, in which `$` is a condition that holds, and whether combinations can tell its answer.
const QUERIES: &[(&str, bool)] = &[
    ("* | select count(*) as c where $", true),
    (
        "* | select count(1) as a, count(errorCode) as b, count(distinct eventName) as c, count(__time__) as d where $",
        true,
    ),
    (
        "eventName: nosuchname | select count(*) as c, sum(case when errorCode is null then 0 else 1 end) as s, min(__time__) as m where $",
        true,
    ),
    ("* | select eventName as n, count(*) as c where $ group by n limit 10000", true),
    (
        "* | select date_trunc('hour', __time__) as h, count(*) as c where errorCode is not null and $ group by h limit 10000",
        true,
    ),
    (
        r#"* | select "event.userIdentity.userName" as u, count(1) as c where $ group by u order by c desc, u limit 20"#,
        true,
    ),
    (
        r#"* | select "event.userIdentity.accessKeyId" as k, count(distinct "event.sourceIpAddress") as c where $ group by k limit 1000"#,
        true,
    ),
    (
        r#"* | select date_format(min(__time__), '%Y-%m-%d %H:%i:%S') as a, max(__time__) as b, "event.userIdentity.accountId" as c,
           sum(case when "event.errorCode" is NULL or "event.errorCode" = '' then 0 else 1 end) as d where $ group by c"#,
        true,
    ),
    (
        "* | select date_format(__time__, '%Y-%m-%d %H:00:00') as t, eventRW, count(*) as c where $ group by t, eventRW limit 10000",
        true,
    ),
    ("* | select __time__ - __time__ % 3600 as t, max(__time__) as c where $ group by t limit 10000", true),
    (
        "eventRW: Write | select serviceName, approx_distinct(sourceIpAddress) as c where $ group by serviceName limit 1000",
        true,
    ),
    (
        "* | select eventName, count(*) as c where __time__ >= 1688988000 and __time__ < 1688995200 and $ group by eventName limit 1000",
        true,
    ),
    (
        "* | select eventName, count(*) filter (where errorCode is not null) as c where $ group by eventName limit 1000",
        true,
    ),
    (
        "* | select upper(n) as u, sum(c) as c from (select eventName as n, count(*) as c from log where $ group by n) group by u limit 1000",
        true,
    ),
    (
        "* | select s.n as n, count(*) as c from (select eventName as n, errorCode as e from log where $) s where s.e is not null group by s.n limit 1000",
        true,
    ),
    (
        "* | select arbitrary(eventName) as a, lower(serviceName) as s, count_if(eventRW = 'Write') as c where $ group by s limit 1000",
        true,
    ),
    ("* | select eventId, count(*) as c where $ group by eventId order by eventId limit 100", false),
    ("* | select date_trunc('second', __time__) as s, count(*) as c where $ group by s order by s limit 100", false),
    (r#"* | select "event.userAgent" as a, count(*) as c where $ group by a limit 10000"#, false),
];

#[tokio::test(flavor = "multi_thread")]
async fn combinations_say_what_events_say() {
    let mut node = Node::open().await;
    let events = invictus();
    node.put(&events[..2000]).await;
    node.settle().await;
    node.put(&events[2000..]).await;
    let reads = Reads::default();
    let watched = Watched { events: node.events(), reads: reads.clone() };
    let Reads { scans, combinations } = reads;
    node.engine = SqlEngine::over(Arc::new(watched)).unwrap();
    for (query, is_combined) in QUERIES {
        let mut counted = node.rows(&query.replace('$', "1 = 1")).await;
        let used = (scans.swap(0, Ordering::Relaxed) > 0, combinations.swap(0, Ordering::Relaxed) > 0);
        assert_eq!(used, (!is_combined, *is_combined), "events and combinations were read: {query}");
        // A plan leaves alone what depends on chance.
        let mut plain = node.rows(&query.replace('$', "random() >= 0")).await;
        let used = (scans.swap(0, Ordering::Relaxed) > 0, combinations.swap(0, Ordering::Relaxed) > 0);
        assert_eq!(used, (true, false), "{query}");
        counted.sort();
        plain.sort();
        assert_eq!(counted, plain, "{query}");
        assert!(!plain.is_empty(), "{query}");
    }
    node.close().await;
}
