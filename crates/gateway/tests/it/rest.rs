//! `GET /v1/events` through the wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::node::{Node, event};
use crate::signing::Unsigned;

async fn node_with_events() -> Node {
    let node = Node::start().await;
    let events: Vec<String> = (0..30)
        .map(|n| {
            let more = format!(
                r#""eventName":"Do{}","errorCode":"E{}","requestParameters":{{"Token":"word-{n}-Needle"}}"#,
                n % 2,
                n % 3
            );
            event(&format!("e{n}"), &format!("2026-05-30T10:00:{n:02}Z"), &more)
        })
        .collect();
    node.put(&node.root, None, format!("[{}]", events.join(","))).await.ok();
    node
}

fn ids(reply: &Value) -> Vec<&str> {
    let events = reply["Events"].as_array().expect("events");
    events.iter().map(|each| each["Event"]["eventId"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_conditions_go_together() {
    let node = node_with_events().await;
    let ask = [("EventName", "Do0"), ("ErrorCode", "E0"), ("start", "2026-05-30T10:00:06Z"), ("direction", "forward")];
    let reply = node.get(&node.root, &ask).await.ok();
    assert_eq!(ids(&reply), ["e6", "e12", "e18", "e24"]);
    assert_eq!(reply["Events"][0]["ReceivedTime"], "2026-06-01T12:00:00Z");
    assert!(reply["Events"][0]["Seq"].is_u64() && reply["NextToken"].is_null());
    assert_eq!(ids(&node.get(&node.root, &[("text", "WORD-17-needle")]).await.ok()), ["e17"]);
    assert_eq!(ids(&node.get(&node.root, &[("ErrorCode", "E0"), ("ErrorCode", "E1")]).await.ok()), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_where_they_ended_and_only_for_the_same_question() {
    let node = node_with_events().await;
    let ask = [("EventName", "Do1"), ("limit", "4")];
    let (mut found, mut next) = (Vec::new(), None::<String>);
    loop {
        let mut query = ask.to_vec();
        query.extend(next.as_deref().map(|next| ("next", next)));
        let page = node.get(&node.root, &query).await.ok();
        found.extend(ids(&page).into_iter().map(str::to_owned));
        match page["NextToken"].as_str() {
            Some(token) => next = Some(token.to_owned()),
            None => break,
        }
    }
    let expected: Vec<String> = (0..30).rev().filter(|n| n % 2 == 1).map(|n| format!("e{n}")).collect();
    assert_eq!(found, expected);
    let next = next.expect("there were several pages");
    let other = [("EventName", "Do0"), ("limit", "4"), ("next", next.as_str())];
    assert_eq!(node.get(&node.root, &other).await.error(), (400, "InvalidParameter".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_not_understood_is_refused() {
    let node = node_with_events().await;
    for (query, code) in [
        (&[("eventname", "Do1")][..], "InvalidParameter"),
        (&[("EventName", "")], "InvalidParameter"),
        (&[("limit", "1001")], "InvalidParameter"),
        (&[("start", "2026-05-30T10:00:06Z"), ("end", "2026-05-30T10:00:05Z")], "InvalidParameterCombination"),
        (&[("start", "2020-01-01T00:00:00Z")], "InvalidParameterStartTime"),
        (&[("after", "x")], "InvalidParameter"),
        (&[("after", "1"), ("direction", "forward")], "InvalidParameterCombination"),
        (&[("after", "1"), ("wait", "31")], "InvalidParameter"),
    ] {
        assert_eq!(node.get(&node.root, query).await.error(), (400, code.into()), "{query:?}");
    }
    let legacy = Unsigned::new("GET", "/v1/events").legacy(&node.root, "LookupEvents", "2020-07-06", node.now());
    assert_eq!(node.send(legacy).await.error(), (400, "IncompleteSignature".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_gives_what_was_accepted_after_and_waits_for_what_comes() {
    let node = node_with_events().await;
    let first = node.get(&node.root, &[("after", "0"), ("limit", "3"), ("EventName", "Do0")]).await.ok();
    assert_eq!(ids(&first), ["e0", "e2", "e4"]);
    let after = first["After"].as_u64().expect("a place").to_string();
    let second = node.get(&node.root, &[("after", &after), ("limit", "2"), ("EventName", "Do0")]).await.ok();
    assert_eq!(ids(&second), ["e6", "e8"]);

    let wait = async {
        let query = [("after", "head"), ("wait", "20"), ("text", "fresh")];
        node.get(&node.root, &query).await.ok()
    };
    let put = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        node.put(&node.root, None, event("other", "2026-06-01T11:00:00Z", "")).await.ok();
        node.put(&node.root, None, event("new", "2026-06-01T11:00:00Z", "\"a\":\"fresh\"")).await.ok();
    };
    let (tailed, ()) = tokio::join!(wait, put);
    assert_eq!(ids(&tailed), ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_tail_ends_with_its_wait_and_with_the_node() {
    let node = node_with_events().await;
    let quiet = node.get(&node.root, &[("after", "head"), ("text", "nothing-like-this")]).await.ok();
    assert_eq!(ids(&quiet), Vec::<&str>::new());
    let after = quiet["After"].as_u64().expect("a place");
    assert!(after >= 30, "{after}");
    let ending = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        node.shutdown.begin();
    };
    let query = [("after", "head"), ("wait", "30"), ("text", "nothing-like-this")];
    let (tailed, ()) = tokio::join!(node.get(&node.root, &query), ending);
    assert_eq!(tailed.ok()["Events"], json!([]));
}

/// Were each poll recorded, each would find the record of the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_tail_does_not_feed_itself() {
    let node = node_with_events().await;
    let mut after = "30".to_owned();
    for _ in 0..3 {
        let reply = node.get(&node.root, &[("after", &after)]).await.ok();
        after = reply["After"].as_u64().expect("a place").to_string();
        node.audited(&node.root.account, "LookupEvents", 1).await;
    }
    let quiet = node.get(&node.root, &[("after", &after)]).await.ok();
    assert_eq!(ids(&quiet), Vec::<&str>::new());
    assert_eq!(node.audited(&node.root.account, "LookupEvents", 1).await.len(), 1);
    node.clock.advance(Duration::from_secs(600));
    node.get(&node.root, &[("after", &after)]).await.ok();
    node.audited(&node.root.account, "LookupEvents", 2).await;
}
