//! Buckets, and what holds on to them.

use catalog::{CatalogError, DeliveryId};
use model::{ErrorKind, Seq};

use crate::samples::{account, bucket, catalog, new_trail, other_account, to_bucket};

#[tokio::test]
async fn round_trip_and_conflicts() {
    let catalog = catalog().await;
    let version = catalog.trails_version();
    catalog.bucket_put(&bucket(account(), "archive")).await.unwrap();
    assert!(version.has_changed().unwrap());
    assert!(catalog.bucket_find(account(), "archive").await.unwrap() == Some(bucket(account(), "archive")));
    assert!(catalog.bucket_find(other_account(), "archive").await.unwrap().is_none());
    assert_eq!(catalog.bucket_put(&bucket(account(), "archive")).await.unwrap_err().kind(), ErrorKind::Conflict);
    catalog.bucket_put(&bucket(other_account(), "archive")).await.unwrap();
    catalog.bucket_put(&bucket(account(), "a-first")).await.unwrap();
    let names: Vec<_> = catalog.bucket_list(account()).await.unwrap().into_iter().map(|each| each.name).collect();
    assert_eq!(names, ["a-first", "archive", "main-logs"]);
    catalog.bucket_delete(account(), "archive").await.unwrap();
    assert_eq!(catalog.bucket_delete(account(), "archive").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(catalog.bucket_find(other_account(), "archive").await.unwrap().is_some(), "the other account's stays");
}

#[tokio::test]
async fn a_bucket_a_trail_names_stays() {
    let catalog = catalog().await;
    catalog.bucket_put(&bucket(account(), "archive")).await.unwrap();
    let mut new = new_trail(account(), "main-trail");
    new.destinations = to_bucket("archive");
    let trail = catalog.trail_create(new, 5).await.unwrap();
    let in_use = catalog.bucket_delete(account(), "archive").await.unwrap_err();
    assert!(matches!(&in_use, CatalogError::InUse { by, .. } if by == "trail main-trail"), "{in_use}");
    catalog.trail_delete(trail.id, Seq(0)).await.unwrap();
    catalog.bucket_delete(account(), "archive").await.unwrap();
}

#[tokio::test]
async fn a_trail_cannot_name_a_bucket_that_is_not_its_accounts() {
    let catalog = catalog().await;
    catalog.bucket_put(&bucket(other_account(), "archive")).await.unwrap();
    let mut new = new_trail(account(), "main-trail");
    new.destinations = to_bucket("archive");
    let refused = catalog.trail_create(new, 5).await.unwrap_err();
    assert!(matches!(&refused, CatalogError::NotFound { what } if what == "bucket archive"), "{refused:?}");
    let trail = catalog.trail_create(new_trail(account(), "main-trail"), 5).await.unwrap();
    let at = trail.created;
    let refused = catalog.trail_update(trail.id, &trail.selector, &to_bucket("archive"), at, Seq(7)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(catalog.trail_find(account(), &trail.name).await.unwrap(), Some(trail), "unchanged");
}

#[tokio::test]
async fn a_former_bucket_stays_until_what_is_owed_to_it_is_delivered() {
    let catalog = catalog().await;
    for name in ["archive", "new-archive"] {
        catalog.bucket_put(&bucket(account(), name)).await.unwrap();
    }
    let mut new = new_trail(account(), "main-trail");
    new.destinations = to_bucket("archive");
    let trail = catalog.trail_create(new, 5).await.unwrap();
    catalog.trail_start(trail.id, trail.created, Seq(0)).await.unwrap();
    let moved = to_bucket("new-archive");
    catalog.trail_update(trail.id, &trail.selector, &moved, trail.created, Seq(7)).await.unwrap();
    let in_use = catalog.bucket_delete(account(), "archive").await.unwrap_err();
    assert!(matches!(&in_use, CatalogError::InUse { by, .. } if by.contains("main-trail")), "{in_use}");
    catalog.delivery_advance(DeliveryId::bucket(trail.id), Seq(7), Some(trail.created), 7, 1).await.unwrap();
    catalog.bucket_delete(account(), "archive").await.unwrap();
    assert_eq!(catalog.bucket_delete(account(), "new-archive").await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn settings_have_no_debug_output() {
    let shown = format!("{:?}", bucket(account(), "archive"));
    assert_eq!(shown, "Bucket(archive of 1234567890123456 at s3://archive)");
}
