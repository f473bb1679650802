//! Merge sets that are open and have nothing to say: a transaction is as quick as without them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use alert::Alert;
use alert::merge::{MergeSet, Quiet, Route, SetKey, Silences};
use catalog::{AlertChange, Catalog, MergeSetState};
use model::{AccountId, Seq, Timestamp};

use crate::scene::{AT, Folder, Scene, account, quick};

const SETS: usize = 20_000;
const ROUNDS: u64 = 30;

fn alert(account: AccountId, number: usize) -> Alert {
    Alert {
        alert_policy: "ops.alerts".into(),
        action_policy: "ops.policy".into(),
        repeat_interval: "1h".into(),
        ..crate::ground::alert(account, BTreeMap::from([("number".to_owned(), number.to_string())]))
    }
}

/// A set that was told at [`AT`] and is remembered for an hour.
fn told(account: AccountId, number: usize) -> MergeSetState {
    let route = Route {
        key: SetKey(format!("set-{number:05}")),
        policy: "ops.alerts".into(),
        action_policy: "ops.policy".into(),
        group: BTreeMap::new(),
        group_wait: Duration::ZERO,
        group_interval: Duration::from_secs(60),
        repeat_interval: Duration::from_secs(3600),
    };
    let mut set = MergeSet::new(&route);
    set.add(&route, alert(account, number), AT);
    set.take(AT, &Quiet { policy: None, parent: None, silences: &Silences::default() }).unwrap();
    assert!(set.ends_at().unwrap() > AT);
    let state = Some(serde_json::to_string(&set).unwrap());
    MergeSetState { account, policy: route.policy, key: route.key.0, state }
}

/// Half of them are one account's; a hundred others share the rest.
fn whose(number: usize) -> AccountId {
    if number.is_multiple_of(2) { account() } else { format!("2{:015}", number / 2 % 100).parse().unwrap() }
}

/// The quickest and the usual time of a transaction that has nothing to do with merge sets.
async fn transaction(sets: usize) -> (Duration, Duration) {
    let folder = Folder::new();
    let scene = Scene::start(&folder, AT, quick()).await;
    scene.stop().await;
    let catalog = Catalog::open(&folder.path().join("catalog.sqlite")).await.unwrap();
    for number in (1..200).step_by(2) {
        catalog.account_create(whose(number), &format!("account-{number}"), false, AT).await.unwrap();
    }
    let change =
        AlertChange { sets: (0..sets).map(|number| told(whose(number), number)).collect(), ..AlertChange::default() };
    catalog.alert_apply(&change, AT).await.unwrap();
    catalog.close().await;
    let scene = Scene::start(&folder, Timestamp(AT.0 + 1000), quick()).await;
    scene.watch.desk().apply(Vec::new(), Some(Seq(0))).await.unwrap();
    let mut times = Vec::new();
    for seq in 1..=ROUNDS {
        let started = Instant::now();
        scene.watch.desk().apply(Vec::new(), Some(Seq(seq))).await.unwrap();
        times.push(started.elapsed());
    }
    assert_eq!(scene.catalog.alert_merge_sets().await.unwrap().len(), sets, "none of them is over");
    scene.stop().await;
    times.sort();
    (times[0], times[times.len() / 2])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_does_not_look_at_every_open_set() {
    let ((least_alone, usual_alone), (least, usual)) = (transaction(0).await, transaction(SETS).await);
    println!(
        "a transaction, least and usual: {least_alone:?} {usual_alone:?}; with {SETS} open sets: {least:?} {usual:?}"
    );
    assert!(least < least_alone * 8, "{least:?} with {SETS} open sets, {least_alone:?} without");
}
