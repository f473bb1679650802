//! Real events in, the published counts out: the 2,900 events of `invictus` and every sample there is.

use std::io::Read;
use std::path::PathBuf;

use gateway::Config;
use serde_json::Value;

use crate::node::Node;

fn shared(path: &str) -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(path);
    assert!(path.exists(), "this test needs {}", path.display());
    path
}

fn unpacked(path: &str) -> String {
    let file = std::fs::File::open(shared(path)).expect("readable");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    text
}

async fn node() -> Node {
    Node::with(Config { history: None, ..Config::default() }).await
}

/// The event of a line of the file, which has remarks beside it, as the text it is.
fn event_of(line: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        event: &'a serde_json::value::RawValue,
    }
    serde_json::from_str::<Line<'_>>(line).expect("JSON").event.get().to_owned()
}

/// All pages of a lookup; how many events they hold.
async fn counted(node: &Node, window: [(&str, &str); 2], keys: &[(&str, &str)]) -> u64 {
    let mut arguments: Vec<(String, String)> = vec![("MaxResults".into(), "50".into())];
    for (place, (key, value)) in keys.iter().enumerate() {
        arguments.push((format!("LookupAttribute.{}.Key", place + 1), (*key).to_owned()));
        arguments.push((format!("LookupAttribute.{}.Value", place + 1), (*value).to_owned()));
    }
    let (mut count, mut token) = (0, String::new());
    loop {
        let mut query: Vec<(&str, &str)> = window.to_vec();
        query.extend(arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if !token.is_empty() {
            query.push(("NextToken", &token));
        }
        let page = node.call(&node.root, "LookupEvents", &query).await.ok();
        count += page["Events"].as_array().expect("events").len() as u64;
        match page["NextToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => return count,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_count_of_the_oracle_is_met_also_when_events_come_twice() {
    let node = node().await;
    let lines = unpacked("data/actiontrail_shaped/invictus.ndjson.gz");
    let events: Vec<&str> = lines.lines().collect();
    let forth = format!("[{}]", events.join(","));
    let back = format!("[{}]", events.iter().rev().copied().collect::<Vec<_>>().join(","));
    let (one, other) = tokio::join!(node.put(&node.root, None, forth), node.put(&node.root, None, back));
    let (one, other) = (one.ok(), other.ok());
    let total = |name: &str| one[name].as_u64().expect("a count") + other[name].as_u64().expect("a count");
    assert_eq!((total("Accepted"), total("Duplicates")), (2900, 2900));

    let text = std::fs::read_to_string(shared("data/lookup_oracle/invictus.json")).expect("readable");
    let oracle: Value = serde_json::from_str(&text).expect("JSON");
    let end = |name: &str| oracle[name].as_str().expect("a time").to_owned();
    let (first, last) = (end("first"), end("last"));
    let window = [("StartTime", first.as_str()), ("EndTime", last.as_str())];
    assert_eq!(counted(&node, window, &[]).await, 2900);
    for (keys, values) in oracle["counts"].as_object().expect("keys") {
        for (value, expected) in values.as_object().expect("values") {
            let found = if keys == "Hour" {
                let hour = [format!("{value}:00:00Z"), format!("{value}:59:59Z")];
                counted(&node, [("StartTime", &hour[0]), ("EndTime", &hour[1])], &[]).await
            } else {
                let values: Vec<&str> = if keys.contains('+') { value.split('|').collect() } else { vec![value] };
                let keys: Vec<(&str, &str)> = keys.split('+').zip(values).collect();
                counted(&node, window, &keys).await
            };
            assert_eq!(Some(found), expected.as_u64(), "{keys} {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_sample_comes_back_as_it_was() {
    let node = node().await;
    let mut samples: Vec<String> = unpacked("data/actiontrail/docs_shaped_A.ndjson.gz").lines().map(event_of).collect();
    for entry in std::fs::read_dir(shared("reference/event-samples")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('0') {
            samples.push(std::fs::read_to_string(&path).expect("readable"));
        }
    }
    assert!(samples.len() >= 19, "{}", samples.len());
    for sample in &samples {
        // Two of the published events have the same id, which an account takes once.
        let owner = node.account("sample").await;
        let put = node.put(&owner, None, sample.as_str()).await.ok();
        assert_eq!(put["Refused"], Value::Array(Vec::new()), "{sample}");
        let event: Value = serde_json::from_str(sample).expect("JSON");
        let id = event["eventId"].as_str().expect("an id");
        let found = node.get(&owner, &[("EventId", id)]).await;
        assert!(found.text().contains(sample.trim()), "{} {}", sample, found.text());
        let window = [("StartTime", "2010-01-01T00:00:00Z"), ("EndTime", "2027-01-01T00:00:00Z")];
        let by_id = [("LookupAttribute.1.Key", "EventId"), ("LookupAttribute.1.Value", id)];
        let query: Vec<_> = window.into_iter().chain(by_id).collect();
        let found = node.call(&owner, "LookupEvents", &query).await;
        assert!(found.text().contains(&format!("\"Events\":[{}]", sample.trim())), "{} {}", sample, found.text());
    }
}
