//! LookupEvents through the wire.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gateway::Config;
use serde_json::Value;

use crate::node::{Node, event};
use crate::signing::{Key, Unsigned};

/// Fifty-five events a minute apart, of two services and three users.
async fn node_with_events() -> Node {
    let node = Node::start().await;
    let events: Vec<String> = (0..55)
        .map(|n| {
            let time = format!("2026-05-30T10:{n:02}:00Z");
            let service = if n % 2 == 0 { "Ecs" } else { "Oss" };
            let more = format!(
                r#""serviceName":"{service}","eventName":"Do","userIdentity":{{"userName":"u{}","principalId":"p{}"}}"#,
                n % 3,
                n % 3
            );
            event(&format!("e{n}"), &time, &more)
        })
        .collect();
    node.put(&node.root, None, format!("[{}]", events.join(","))).await.ok();
    node
}

fn ids(reply: &Value) -> Vec<String> {
    let events = reply["Events"].as_array().expect("events");
    events.iter().map(|event| event["eventId"].as_str().expect("an id").to_owned()).collect()
}

const WINDOW: [(&str, &str); 2] = [("StartTime", "2026-05-30T00:00:00Z"), ("EndTime", "2026-05-31T00:00:00Z")];

async fn paged_through(node: &Node, key: &Key, arguments: &[(&str, &str)]) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let mut arguments: Vec<_> = arguments.to_vec();
        if !token.is_empty() {
            arguments.push(("NextToken", &token));
        }
        let page = node.call(key, "LookupEvents", &arguments).await.ok();
        found.extend(ids(&page));
        match page["NextToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_event_once_in_both_directions() {
    let node = node_with_events().await;
    let oldest_first: Vec<String> = (0..55).map(|n| format!("e{n}")).collect();
    let newest_first: Vec<String> = oldest_first.iter().rev().cloned().collect();
    for size in ["1", "7", "50"] {
        let ask = [WINDOW[0], WINDOW[1], ("MaxResults", size)];
        assert_eq!(paged_through(&node, &node.root, &ask).await, newest_first, "{size}");
        let ask = [WINDOW[0], WINDOW[1], ("MaxResults", size), ("Direction", "FORWARD")];
        assert_eq!(paged_through(&node, &node.root, &ask).await, oldest_first, "{size}");
    }
    let page = node.call(&node.root, "LookupEvents", &WINDOW).await.ok();
    assert_eq!(ids(&page).len(), 20, "the default");
    assert_eq!(page["StartTime"], "2026-05-30T00:00:00Z");
    assert_eq!(page["EndTime"], "2026-05-31T00:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_window_stays_where_it_was_on_the_first_page() {
    let node = node_with_events().await;
    let by_user = [("LookupAttribute.1.Key", "User"), ("LookupAttribute.1.Value", "u0"), ("MaxResults", "10")];
    let first = node.call(&node.root, "LookupEvents", &by_user).await.ok();
    let token = first["NextToken"].as_str().expect("more").to_owned();
    node.clock.advance(std::time::Duration::from_secs(600));
    let arguments: Vec<_> = by_user.iter().copied().chain([("NextToken", token.as_str())]).collect();
    let second = node.call(&node.root, "LookupEvents", &arguments).await.ok();
    assert_eq!((&first["StartTime"], &first["EndTime"]), (&second["StartTime"], &second["EndTime"]));
    assert_eq!(ids(&first).len() + ids(&second).len(), 19);
    assert_eq!(second["NextToken"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_includes_both_ends() {
    let node = node_with_events().await;
    let window = [("StartTime", "2026-05-30T10:03:00Z"), ("EndTime", "2026-05-30T10:05:00Z")];
    assert_eq!(ids(&node.call(&node.root, "LookupEvents", &window).await.ok()), ["e5", "e4", "e3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_of_a_pair_must_both_hold() {
    let node = node_with_events().await;
    let mut ask = WINDOW.to_vec();
    ask.extend([
        ("LookupAttribute.1.Key", "ServiceName"),
        ("LookupAttribute.1.Value", "Ecs"),
        ("LookupAttribute.2.Key", "PrincipalId"),
        ("LookupAttribute.2.Value", "p1"),
        ("MaxResults", "50"),
    ]);
    let found = ids(&node.call(&node.root, "LookupEvents", &ask).await.ok());
    let expected: Vec<String> = (0..55).rev().filter(|n| n % 2 == 0 && n % 3 == 1).map(|n| format!("e{n}")).collect();
    assert_eq!(found, expected);
    ask[2] = ("LookupAttribute.1.Key", "EventId");
    let refused = node.call(&node.root, "LookupEvents", &ask).await;
    assert_eq!(refused.error(), (400, "InvalidQueryParameter".into()));
    assert!(refused.text().contains("ServiceName with EventName"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_back_byte_for_byte() {
    let node = Node::start().await;
    let odd = r#"{"eventId":"x1", "eventTime":"2026-06-01T11:00:00Z","big":123456789012345678901234567890,"f":1e400,"again":1,"again":2,"text":"\u4e2d文","nested":{ "a" : [1.0, 2.50] }}"#;
    node.put(&node.root, None, odd).await.ok();
    let ask = [("LookupAttribute.1.Key", "EventId"), ("LookupAttribute.1.Value", "x1")];
    let reply = node.call(&node.root, "LookupEvents", &ask).await;
    assert!(reply.text().contains(&format!("\"Events\":[{odd}]")), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_own_lookup_only() {
    let node = node_with_events().await;
    let other = node.account("other").await;
    let first = node.call(&node.root, "LookupEvents", &WINDOW).await.ok();
    let token = first["NextToken"].as_str().expect("more");
    let json: Value = serde_json::from_slice(&STANDARD.decode(token).expect("base64")).expect("JSON");
    assert_eq!(json["account"], node.root.account);
    assert_eq!(json["logId"], format!("82-{}", node.root.account));

    let refused = async |key: &Key, arguments: &[(&str, &str)]| node.call(key, "LookupEvents", arguments).await.error();
    let invalid = (400, "InvalidQueryParameter".to_owned());
    let next = ("NextToken", token);
    let moved = [("StartTime", "2026-05-29T00:00:00Z"), WINDOW[1], next];
    assert_eq!(refused(&node.root, &moved).await, invalid);
    let turned = [WINDOW[0], WINDOW[1], ("Direction", "FORWARD"), next];
    assert_eq!(refused(&node.root, &turned).await, invalid);
    let narrowed = [WINDOW[0], WINDOW[1], ("LookupAttribute.1.Key", "User"), ("LookupAttribute.1.Value", "u1"), next];
    assert_eq!(refused(&node.root, &narrowed).await, invalid);
    assert_eq!(refused(&other, &[WINDOW[0], WINDOW[1], next]).await, invalid);
    assert_eq!(refused(&node.root, &[WINDOW[0], WINDOW[1], ("NextToken", "nonsense")]).await, invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_another_accounts_events() {
    let node = node_with_events().await;
    let other = node.account("other").await;
    assert_eq!(paged_through(&node, &other, &WINDOW).await, Vec::<String>::new());
    let by_id = [WINDOW[0], WINDOW[1], ("LookupAttribute.1.Key", "EventId"), ("LookupAttribute.1.Value", "e1")];
    assert_eq!(paged_through(&node, &other, &by_id).await, Vec::<String>::new());
    assert_eq!(paged_through(&node, &node.root, &by_id).await, ["e1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_checked_and_the_history_is_the_operators_choice() {
    let old = [("StartTime", "2020-01-01T00:00:00Z"), ("EndTime", "2026-05-31T00:00:00Z")];
    let node = node_with_events().await;
    for (window, code) in [
        (&old[..], "InvalidParameterStartTime"),
        (&WINDOW[..1], "InvalidParameterCombination"),
        (&[WINDOW[0], ("EndTime", "2026-05-29T00:00:00Z")], "InvalidParameterCombination"),
        (&[("StartTime", "last week"), WINDOW[1]], "InvalidParameterStartTime"),
        (&[WINDOW[0], ("EndTime", "today")], "InvalidParameterEndTime"),
        (&[("MaxResults", "51")], "InvalidQueryParameter"),
    ] {
        assert_eq!(node.call(&node.root, "LookupEvents", window).await.error(), (400, code.into()), "{window:?}");
    }
    let node = Node::with(Config { history: None, ..Config::default() }).await;
    node.put(&node.root, None, event("old", "2020-02-02T00:00:00Z", "")).await.ok();
    assert_eq!(ids(&node.call(&node.root, "LookupEvents", &old).await.ok()), ["old"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_signatures_both_methods_and_a_form_body_work() {
    let node = node_with_events().await;
    let ask = [WINDOW[0], WINDOW[1], ("MaxResults", "1")];
    for method in ["GET", "POST"] {
        let legacy = Unsigned::new(method, "/").query(&ask);
        let reply = node.send(legacy.legacy(&node.root, "LookupEvents", "2020-07-06", node.now())).await;
        assert_eq!(ids(&reply.ok()), ["e54"], "{method}");
        let acs3 = Unsigned::new(method, "/").query(&ask);
        let reply = node.send(acs3.acs3(&node.root, "LookupEvents", "2020-07-06", node.now())).await;
        assert_eq!(ids(&reply.ok()), ["e54"], "{method}");
    }
    let form = "MaxResults=1&StartTime=2026-05-30T00%3A00%3A00Z&EndTime=2026-05-31T00%3A00%3A00Z";
    let request = Unsigned::new("POST", "/").header("content-type", "application/x-www-form-urlencoded").body(form);
    let reply = node.send(request.acs3(&node.root, "LookupEvents", "2020-07-06", node.now())).await;
    assert_eq!(ids(&reply.ok()), ["e54"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limits_one_account_and_says_when_to_come_back() {
    let node = Node::with(Config { lookups_per_second: 1, ..Config::default() }).await;
    let other = node.account("other").await;
    node.call(&node.root, "LookupEvents", &[]).await.ok();
    let refused = node.call(&node.root, "LookupEvents", &[]).await;
    assert_eq!(refused.error(), (400, "Throttling.User".into()));
    assert!(refused.headers.contains_key("x-acs-retry-after") && refused.headers.contains_key("retry-after"));
    node.call(&other, "LookupEvents", &[]).await.ok();
}
