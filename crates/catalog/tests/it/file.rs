//! The catalog in a file: it survives, and many callers at once do not find it locked.

use std::path::Path;

use catalog::{Catalog, CatalogError, DeliveryId};
use model::{ErrorKind, Seq};

use crate::samples::{AT, account, fill, key, new_trail, user};

async fn open(folder: &Path) -> Catalog {
    Catalog::open(&folder.join("catalog.sqlite")).await.unwrap()
}

#[tokio::test]
async fn reopened_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = open(folder.path()).await;
    fill(&catalog).await;
    catalog.setting_put("node_id", b"first").await.unwrap();
    catalog.setting_put("node_id", b"second").await.unwrap();
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap();
    let trail = catalog.trail_start(trail.id, AT, Seq(1)).await.unwrap();
    let snapshot = catalog.identity_snapshot().await.unwrap();
    catalog.close().await;
    assert!(catalog.account_list().await.is_err(), "closed");

    let catalog = open(folder.path()).await;
    assert_eq!(catalog.setting_get("node_id").await.unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!(catalog.setting_get("absent").await.unwrap(), None);
    assert_eq!(catalog.trail_find(account(), &trail.name).await.unwrap().as_ref(), Some(&trail));
    assert_eq!(catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap().len(), 1);
    assert_eq!(catalog.identity_snapshot().await.unwrap().accounts, snapshot.accounts);
    // Not closed this time, as after a crash.
    catalog.setting_put("node_id", b"third").await.unwrap();
    let again = open(folder.path()).await;
    assert_eq!(again.setting_get("node_id").await.unwrap().as_deref(), Some(&b"third"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_queue_and_readers_pass() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = open(folder.path()).await;
    fill(&catalog).await;
    let tasks = (0..16).map(|number| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let name = format!("user-{number}");
            catalog.user_create(&user(account(), &name)).await?;
            for each in 0..3 {
                catalog.key_create(&key(&format!("LTAI5t{number}-{each}"), account(), Some(&name)), 3).await?;
                catalog.identity_snapshot().await?;
            }
            catalog.user_find(account(), &name).await
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(task.await.unwrap().unwrap().is_some(), "what was written is read");
    }
    assert_eq!(catalog.identity_snapshot().await.unwrap().keys.len(), 48);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_limit_holds_against_calls_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = open(folder.path()).await;
    fill(&catalog).await;
    let tasks = (0..12).map(|number| {
        let catalog = catalog.clone();
        tokio::spawn(async move { catalog.trail_create(new_trail(account(), &format!("trail-{number}")), 5).await })
    });
    let mut created = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => created += 1,
            Err(error) => assert!(matches!(error, CatalogError::LimitReached { .. }), "{error:?}"),
        }
    }
    assert_eq!(created, 5);
}

#[tokio::test]
async fn a_file_that_is_no_catalog_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    #[allow(clippy::disallowed_methods, reason = "the test damages a file by hand")]
    std::fs::write(&path, "this is no database, and it is long enough to be looked at as one".repeat(20)).unwrap();
    let error = Catalog::open(&path).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(Catalog::open(&folder.path().join("no/such/folder/catalog.sqlite")).await.is_err());
}
