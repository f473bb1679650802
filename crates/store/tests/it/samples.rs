//! The real events of `shared/data`: every count of the lookup oracle, in memory, in segments and after a merge.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use catalog::Catalog;
use model::Attribute;
use store::Condition;

use crate::node::{Node, entry, small};

fn shared(path: &str) -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/")).join(path);
    assert!(path.exists(), "{} is missing; the shared test data belongs beside the repository", path.display());
    path
}

fn invictus() -> Vec<String> {
    let output = Command::new("gzip").arg("-dc").arg(shared("data/actiontrail_shaped/invictus.ndjson.gz")).output();
    String::from_utf8(output.unwrap().stdout).unwrap().lines().map(str::to_owned).collect()
}

fn check_counts(node: &Node) {
    let oracle = std::fs::read(shared("data/lookup_oracle/invictus.json")).unwrap();
    let oracle: serde_json::Value = serde_json::from_slice(&oracle).unwrap();
    let counts: BTreeMap<String, BTreeMap<String, usize>> = serde_json::from_value(oracle["counts"].clone()).unwrap();
    let mut checked = 0;
    for (keys, values) in &counts {
        let attributes: Option<Vec<Attribute>> = keys.split('+').map(Attribute::from_name).collect();
        let Some(attributes) = attributes else { continue };
        for (value, count) in values {
            let parts: Vec<&str> = if attributes.len() > 1 { value.split('|').collect() } else { vec![value] };
            let conditions = attributes.iter().zip(parts).map(|(a, v)| Condition::Is(*a, v.to_owned())).collect();
            let found = node.all("123837392027", conditions, checked % 2 == 0, 50);
            assert_eq!(found.len(), *count, "{keys} = {value}");
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked} counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_count_of_the_oracle_wherever_the_events_are() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    let lines = invictus();
    for chunk in lines.chunks(1000) {
        node.put(chunk.iter().map(|line| entry("123837392027", line)).collect()).await;
        check_counts_when_complete(&node, lines.len());
        node.settle().await;
    }
    check_counts(&node);
    let mut all = node.all("123837392027", vec![], true, 777);
    all.sort();
    let mut sent = lines.clone();
    sent.sort();
    assert!(all == sent, "every event comes out as it was sent");
    let event_with_token = node.all("123837392027", vec![Condition::Text("cc9x0n62qregtbmn".into())], true, 50);
    assert_eq!(event_with_token.len(), 1);
    node.close().await;
}

fn check_counts_when_complete(node: &Node, lines: usize) {
    if node.store.statistics().recent_events as u64 + node.store.statistics().segment_events == lines as u64 {
        check_counts(node);
    }
}
