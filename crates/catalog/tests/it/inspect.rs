//! Looking at a catalog's file from outside, beside the node that uses it.

use std::path::Path;

use catalog::{Catalog, DeliveryId, Plan, copy, inspect};
use model::Seq;

use crate::samples::{AT, account, bucket, fill, new_trail, to_bucket};

async fn used(folder: &Path) -> Catalog {
    let catalog = Catalog::open(&folder.join("catalog.sqlite")).await.unwrap();
    fill(&catalog).await;
    catalog.bucket_put(&bucket(account(), "audit-logs")).await.unwrap();
    let mut trail = new_trail(account(), "main-trail");
    trail.destinations = to_bucket("audit-logs");
    let trail = catalog.trail_create(trail, 5).await.unwrap();
    catalog.trail_start(trail.id, AT, Seq(10)).await.unwrap();
    let interval = catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap()[0].id;
    catalog
        .delivery_plan(DeliveryId::bucket(trail.id), &Plan { interval, after: Seq(10), through: Seq(15) })
        .await
        .unwrap();
    catalog
}

#[tokio::test]
async fn a_catalog_in_use_is_copied_and_looked_at_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = used(folder.path()).await;
    let target = folder.path().join("copy.sqlite");
    copy(&folder.path().join("catalog.sqlite"), &target).await.unwrap();
    catalog.setting_put("after", b"the copy").await.unwrap();
    for path in ["catalog.sqlite", "copy.sqlite"] {
        let found = inspect(&folder.path().join(path)).await.unwrap();
        assert!(found.complaints.is_empty() && found.dangling.is_empty() && found.schema.is_empty(), "{found:?}");
        assert_eq!((found.accounts, found.management, found.is_older), (2, Some(account()), false));
        let [trail] = &found.trails[..] else { panic!("{found:?}") };
        assert!(trail.is_logging && trail.plan.is_some_and(|plan| plan.through == Seq(15)), "{trail:?}");
        assert_eq!(trail.intervals.iter().map(|each| (each.1, each.2)).collect::<Vec<_>>(), [(Seq(10), None)]);
    }
    let copied = Catalog::open(&target).await.unwrap();
    assert_eq!(copied.setting_get("after").await.unwrap(), None);
    assert!(copy(&folder.path().join("catalog.sqlite"), &target).await.is_err(), "nothing is overwritten");
}

#[tokio::test]
async fn what_is_wrong_with_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let catalog = used(folder.path()).await;
    catalog.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).foreign_keys(false);
    let hand = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for statement in [
        "DELETE FROM buckets",
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
        "INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)",
    ] {
        sqlx::query(statement).execute(&hand).await.unwrap();
    }
    hand.close().await;
    let found = inspect(&path).await.unwrap();
    assert!(found.dangling[0].contains("trails names one of buckets"), "{found:?}");
    assert!(found.schema[0].contains("not the one") && found.schema[1].contains("newer version"), "{found:?}");

    #[allow(clippy::disallowed_methods, reason = "the test damages a file by hand")]
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    #[allow(clippy::disallowed_methods, reason = "the test damages a file by hand")]
    std::fs::write(&path, bytes).unwrap();
    let found = inspect(&path).await.unwrap();
    assert!(!found.complaints.is_empty(), "{found:?}");
    assert!(inspect(&folder.path().join("absent.sqlite")).await.is_err());
}
