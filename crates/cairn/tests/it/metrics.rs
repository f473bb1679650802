//! The metrics of a running node against the page that explains them, the alerts and the dashboard that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Node, PATIENCE, Place, event, wait_until};

/// What a node or the page says about a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Described {
    kind: String,
    meaning: String,
    labels: BTreeSet<String>,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn get_metrics(node: &Node<'_>, accept: &str) -> String {
    let mut stream = TcpStream::connect(node.process.address()).expect("somebody listens");
    write!(stream, "GET /metrics HTTP/1.0\r\nhost: node\r\naccept: {accept}\r\n\r\n").expect("the node reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("the node answers");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a reply");
    assert!(head.starts_with("HTTP/1.0 200") && head.contains("version="), "{head}");
    body.to_owned()
}

/// A node in which everything that has labels has happened once.
fn busy_node(place: &Place) -> Node<'_> {
    let node = place.node(&[]);
    node.run(&["bucket", "add", "local", "--url", "file://bucket"]).ok();
    node.run(&["trail", "create", "audit-trail", "--bucket", "local"]).ok();
    node.run(&["trail", "start", "audit-trail"]).ok();
    // One is stored and waits for its trail; the other is refused.
    let lines = format!("{}\n{{\"eventId\":\"no-time\"}}\n", event("stored"));
    node.run_with_input(&["events", "put", "-"], &lines).failed_with(2);
    node
}

fn described(exposition: &str) -> BTreeMap<String, Described> {
    let mut found: BTreeMap<String, Described> = BTreeMap::new();
    for line in exposition.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            let meaning = help.trim_end_matches('.').to_owned();
            found.insert(name.to_owned(), Described { kind: String::new(), meaning, labels: BTreeSet::new() });
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            found.get_mut(name).expect("HELP comes first").kind = kind.to_owned();
        } else if let Some(name) =
            line.split(['{', ' ']).next().filter(|name| !name.is_empty() && !name.starts_with('#'))
        {
            let family = found.get_mut(family(name));
            let family = family.unwrap_or_else(|| panic!("{name} has no description"));
            let labels =
                line.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(labels, _)| labels);
            let names = labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
            family.labels.extend(names.filter(|name| name != "le"));
        }
    }
    found
}

/// The name a sample's metric is described under: a histogram has several.
fn family(sample: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|end| sample.strip_suffix(end)).unwrap_or(sample)
}

fn documented() -> BTreeMap<String, Described> {
    let page = text("docs/book/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `cairn_"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, unit, labels, meaning] = cells[..] else { panic!("five cells: {row}") };
        assert!(!unit.is_empty(), "a unit: {row}");
        let labels = labels.split(',').map(|label| label.trim().trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        let described = Described { kind: kind.to_owned(), meaning: meaning.to_owned(), labels };
        (name.trim_matches('`').to_owned(), described)
    })
    .collect()
}

#[test]
fn every_metric_has_its_line_and_every_line_its_metric() {
    let place = Place::new();
    let node = busy_node(&place);
    // The first event is a moment old by then.
    let shown = wait_until("the trail is behind by its open batch", PATIENCE, || {
        let shown = described(&get_metrics(&node, "text/plain"));
        shown.contains_key("cairn_delivery_trail_lag_seconds").then_some(shown)
    });
    let documented = documented();
    for (name, described) in &shown {
        let labels = described.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let row = format!("| `{name}` | {} | UNIT | {labels} | {} |", described.kind, described.meaning);
        assert_eq!(documented.get(name), Some(described), "docs/book/metrics.md should have the line\n{row}\n");
    }
    let gone: Vec<_> = documented.keys().filter(|name| !shown.contains_key(*name)).collect();
    assert!(gone.is_empty(), "docs/book/metrics.md has lines for metrics that are not there: {gone:?}");

    let page = text("docs/book/metrics.md");
    let exposition = get_metrics(&node, "text/plain");
    for (family, label) in [("cairn_queue_limit", "queue"), ("cairn_reader_lag_events", "reader")] {
        let begins = format!("{family}{{{label}=\"");
        let names = exposition.lines().filter_map(|line| line.strip_prefix(&begins)?.split('"').next());
        let names: BTreeSet<&str> = names.collect();
        assert!(names.len() >= 3, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("| `{name}` |")), "docs/book/metrics.md explains the {label} {name}");
        }
    }
}

#[test]
fn who_asks_for_openmetrics_gets_it() {
    let place = Place::new();
    let node = place.node(&[]);
    let open = get_metrics(&node, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assert!(open.ends_with("# EOF\n") && open.contains("# TYPE cairn_journal_events counter"), "{open}");
    let plain = get_metrics(&node, "*/*");
    assert!(!plain.contains("# EOF") && plain.contains("# TYPE cairn_journal_events_total counter"), "{plain}");
}

/// Every name of ours in a text.
fn names_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("cairn_")).collect()
}

#[test]
fn alerts_and_dashboard_use_metrics_there_are() {
    let documented = documented();
    let is_there = |name: &str| {
        documented.contains_key(name) || documented.get(family(name)).is_some_and(|each| each.kind == "histogram")
    };
    let files = [
        "deploy/prometheus/cairn.rules.yml",
        "deploy/prometheus/cairn.rules.test.yml",
        "deploy/grafana/cairn.json",
        "docs/book/alerts.md",
    ];
    for file in files {
        let text = text(file);
        let names = names_in(&text);
        assert!(!names.is_empty(), "{file} names metrics");
        let unknown: Vec<_> = names.into_iter().filter(|name| !is_there(name)).collect();
        assert!(unknown.is_empty(), "{file} names metrics that are not there: {unknown:?}");
    }
}

#[test]
fn every_alert_has_a_test_and_a_runbook() {
    let (rules, tests, page) = (
        text("deploy/prometheus/cairn.rules.yml"),
        text("deploy/prometheus/cairn.rules.test.yml"),
        text("docs/book/alerts.md"),
    );
    let alerts: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 12, "{alerts:?}");
    let explained: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(alerts, explained, "docs/book/alerts.md has a section for each alert and for nothing else");
    for alert in alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
        assert!(
            rules.contains(&format!("alerts.md#{}\n", alert.to_lowercase())),
            "{alert} does not point to its runbook"
        );
    }
}

#[test]
fn the_dashboard_can_be_imported_anywhere() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/cairn.json")).expect("JSON");
    assert!(dashboard.get("id").is_none(), "an id would overwrite somebody's dashboard");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "ids are unique: {panel}");
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{}", panel["title"]);
        for target in panel["targets"].as_array().expect("targets") {
            assert_eq!(target["datasource"]["uid"], "${datasource}");
            assert!(target["expr"].as_str().is_some_and(|expr| expr.contains("$instance")), "{target}");
        }
    }
    let variables: Vec<_> =
        dashboard["templating"]["list"].as_array().expect("variables").iter().map(|each| &each["name"]).collect();
    assert_eq!(variables, ["datasource", "instance"]);
}
