#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use alert::merge::{MergeSet, Route, SetKey};
use alert::{Alert, Fingerprint, Found, Row};
use catalog::Catalog;
use model::Timestamp;

use super::accounts::Accounts;
use super::slim::slim;
use crate::decide::{Book, Decider};

fn rows(count: usize, bytes: usize) -> Vec<Row> {
    (0..count)
        .map(|number| Row::from([("n".to_owned(), number.to_string()), ("text".to_owned(), "x".repeat(bytes))]))
        .collect()
}

fn found() -> Found {
    Found {
        store_type: "log".into(),
        region: String::new(),
        project: "audit".into(),
        store: "s".into(),
        query: "*".into(),
        start_time: 0,
        end_time: 60,
        rows: rows(100, 1000),
        row_count: 100,
        is_truncated: false,
    }
}

fn alert() -> Alert {
    Alert {
        fingerprint: Fingerprint("f".into()),
        alert_time: Timestamp(0),
        fire_time: Timestamp(0),
        results: vec![found(), found()],
        fire_results: rows(20, 1000),
        fire_results_count: 20,
        ..crate::ground::alert(crate::ground::account(), BTreeMap::new())
    }
}

#[test]
fn an_alert_keeps_the_rows_that_fit_those_that_fired_first() {
    let slimmed = slim(alert());
    assert_eq!((slimmed.fire_results.len(), slimmed.fire_results_count), (20, 20));
    let kept: Vec<(usize, bool, usize)> =
        slimmed.results.iter().map(|found| (found.rows.len(), found.is_truncated, found.row_count)).collect();
    assert_eq!(kept, [(12, true, 100), (0, true, 100)]);
    assert!(serde_json::to_string(&slimmed).unwrap().len() < 40_000);
    let small = Alert { results: Vec::new(), fire_results: rows(3, 10), ..alert() };
    assert_eq!(slim(small.clone()), small);
}

#[tokio::test]
async fn an_account_that_breaks_holds_up_no_other() {
    let route = Route {
        key: SetKey("k".into()),
        policy: "p".into(),
        action_policy: "a".into(),
        group: BTreeMap::new(),
        group_wait: Duration::from_secs(15),
        group_interval: Duration::from_secs(60),
        repeat_interval: Duration::from_secs(3600),
    };
    let decider = || {
        let mut set = MergeSet::new(&route);
        set.add(&route, alert(), Timestamp(0));
        Decider::new(Arc::new(Book::default()), [set], HashMap::new())
    };
    let [one, other] = ["1000000000000001", "1000000000000002"].map(|id| id.parse().unwrap());
    let at = |seconds: i64| Timestamp(seconds * 1000);
    let mut accounts = Accounts::default();
    accounts.give_back(one, decider());
    accounts.give_back(other, decider());
    assert_eq!((accounts.due(at(14)).len(), accounts.due(at(15)).len()), (0, 2));
    accounts.set_aside(one, at(75));
    assert_eq!(accounts.due(at(20)), [other]);
    let catalog = Catalog::in_memory().await.unwrap();
    assert!(accounts.lend(&catalog, other, &[], at(20)).await.is_ok());
    assert_eq!([one, other].map(|account| accounts.is_aside(account, at(74))), [true, false]);
    assert!(!accounts.is_aside(one, at(75)));
    assert_eq!(accounts.next_due(), Some(at(75)));
    assert_eq!(accounts.due(at(75)), [one]);
    accounts.forget();
    accounts.give_back(one, decider());
    assert!(accounts.due(at(74)).is_empty(), "what broke is remembered");
}
