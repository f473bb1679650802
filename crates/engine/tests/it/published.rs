//! Every published query runs as it is written, over real events.
//!
//! What the answers must be is told by an independent engine in `tests/sdk`; here they must be answers, with the columns
//! each rule is grouped by.

use std::path::PathBuf;
use std::process::Command;

use query::parse;

use crate::node::Node;

fn shared(path: &str) -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/")).join(path);
    assert!(path.exists(), "{} is missing; the shared test data belongs beside the repository", path.display());
    path
}

pub(crate) fn invictus() -> Vec<String> {
    let output = Command::new("gzip").arg("-dc").arg(shared("data/actiontrail_shaped/invictus.ndjson.gz")).output();
    String::from_utf8(output.unwrap().stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Each query with its id, from the lines `## id` and `Q: query`.
fn published() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(shared("reference/sls-queries.txt")).unwrap();
    let mut id = String::new();
    let mut queries = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("## ") {
            id = rest.split(' ').next().unwrap().to_owned();
        } else if let Some(query) = line.strip_prefix("Q: ") {
            queries.push((id.clone(), query.to_owned()));
        }
    }
    queries
}

pub(crate) fn rules() -> Vec<serde_json::Value> {
    let rules = std::fs::read(shared("data/rules/actiontrail_alert_rules_41.json")).unwrap();
    let rules: Vec<serde_json::Value> = serde_json::from_slice(&rules).unwrap();
    assert_eq!(rules.len(), 41);
    rules
}

#[test]
fn every_published_search_is_read() {
    let mut read = 0;
    for (id, query) in published() {
        match (id.as_str(), parse(&query)) {
            // Published with a parenthesis too many.
            ("B16", Err(error)) => assert_eq!((error.position, error.found.as_str()), (0, "`(`")),
            (_, statement) => {
                statement.unwrap_or_else(|error| panic!("{id}: {error}"));
                read += 1;
            }
        }
    }
    assert_eq!(read, 62);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_rule_is_answered() {
    let node = Node::open().await;
    node.put(&invictus()).await;
    node.settle().await;
    for rule in rules() {
        let query = rule["queries"][0].as_str().expect("a query");
        let (names, _) = node.ask(query).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        let groups = rule["group_by"].as_array().into_iter().flatten().filter_map(|group| group.as_str());
        for group in groups.filter(|group| !group.is_empty()) {
            assert!(names.iter().any(|name| name == group), "{group} of {query}: {names:?}");
        }
    }
    for (id, query) in published() {
        // Cut short where they were published.
        let has_sql = parse(&query).is_ok_and(|statement| statement.sql.is_some());
        if has_sql && !["A36", "B09"].contains(&id.as_str()) {
            node.ask(&query).await.unwrap_or_else(|error| panic!("{id}: {query}: {error:?}"));
        }
    }
    node.close().await;
}
