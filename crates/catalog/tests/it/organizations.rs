//! Memberships, and who may move a cursor after one has changed.

use catalog::{Catalog, CatalogError, DeliveryId, Directory, JoinMethod, MemberKind, NewMember, Plan, Tenure};
use model::Seq;
use model::organization::DirectoryId;

use crate::samples::{AT, account, bucket, catalog, new_trail, other_account, to_bucket};

fn directory() -> DirectoryId {
    "rd-abc123".parse().unwrap()
}

/// A directory with a trail that is logging since event 10, on interval `.1`.
async fn organization(catalog: &Catalog) -> (i64, i64) {
    let new = Directory { id: directory(), management: account(), root_folder: "r-abc123".to_owned(), created: AT };
    catalog.directory_create(&new, Seq(5)).await.unwrap();
    catalog.bucket_put(&bucket(account(), "logs")).await.unwrap();
    let mut new = new_trail(account(), "trail-of-all");
    new.organization = Some(directory());
    new.destinations = to_bucket("logs");
    let trail = catalog.trail_create(new, 5).await.unwrap();
    catalog.trail_start(trail.id, AT, Seq(10)).await.unwrap();
    (trail.id, catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap()[0].id)
}

fn member() -> NewMember {
    NewMember {
        directory: directory(),
        account: other_account(),
        folder: None,
        display_name: "tenant".to_owned(),
        kind: MemberKind::Cloud,
        join_method: JoinMethod::Invited,
        at: AT,
    }
}

fn tenure(account: model::AccountId, after: u64, through: Option<u64>) -> Tenure {
    Tenure { account, after: Seq(after), through: through.map(Seq) }
}

#[tokio::test]
async fn a_membership_begins_and_ends_behind_what_is_planned() {
    let catalog = catalog().await;
    let (trail, interval) = organization(&catalog).await;
    let plan = |through| Plan { interval, after: Seq(10), through: Seq(through) };
    let (version, _) = catalog.tenures(&directory()).await.unwrap();
    assert!(catalog.delivery_plan_among(DeliveryId::bucket(trail), &plan(30), version).await.unwrap());
    // Both callers saw the head before it moved to 30.
    assert_eq!(catalog.member_join(&member(), Seq(20)).await.unwrap().joined_after, Seq(30));
    catalog.delivery_advance(DeliveryId::bucket(trail), Seq(40), Some(AT), 1, 1).await.unwrap();
    catalog.member_leave(&directory(), other_account(), AT, Seq(35)).await.unwrap();
    let (changed, tenures) = catalog.tenures(&directory()).await.unwrap();
    assert_eq!(tenures, [tenure(account(), 5, None), tenure(other_account(), 30, Some(40))]);
    // It may come back; the history has both times.
    catalog.member_join(&member(), Seq(50)).await.unwrap();
    assert_eq!(catalog.tenures(&directory()).await.unwrap().1.len(), 3);
    assert!(changed > version);
}

#[tokio::test]
async fn whoever_does_not_know_the_last_change_moves_nothing() {
    let catalog = catalog().await;
    let (trail, interval) = organization(&catalog).await;
    let plan = Plan { interval, after: Seq(10), through: Seq(30) };
    let (version, _) = catalog.tenures(&directory()).await.unwrap();
    let seen = catalog.delivery_routes().await.unwrap().version;
    catalog.member_join(&member(), Seq(20)).await.unwrap();
    assert!(!catalog.delivery_plan_among(DeliveryId::bucket(trail), &plan, version).await.unwrap());
    assert!(!catalog.delivery_pass_among(DeliveryId::bucket(trail), Seq(30), version).await.unwrap());
    assert!(!catalog.delivery_pass_quiet(&[DeliveryId::bucket(trail)], Seq(30), seen).await.unwrap());
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap().cursor, Seq(0));
    let seen = catalog.delivery_routes().await.unwrap().version;
    catalog.trail_stop(trail, AT, Seq(40)).await.unwrap();
    assert!(
        !catalog.delivery_pass_quiet(&[DeliveryId::bucket(trail)], Seq(30), seen).await.unwrap(),
        "an interval was closed"
    );
    let seen = catalog.delivery_routes().await.unwrap().version;
    assert!(catalog.delivery_pass_quiet(&[DeliveryId::bucket(trail)], Seq(30), seen).await.unwrap());
    assert!(catalog.delivery_pass_among(DeliveryId::bucket(trail), Seq(35), version + 1).await.unwrap());
    assert_eq!(catalog.delivery_state(DeliveryId::bucket(trail)).await.unwrap().cursor, Seq(35));
    let gone = catalog.delivery_plan_among(DeliveryId::bucket(trail + 1), &plan, version + 1).await;
    assert!(matches!(gone, Err(CatalogError::NotFound { .. })));
}

#[tokio::test]
async fn what_retention_may_cost_an_organization_is_told_member_by_member() {
    let catalog = catalog().await;
    organization(&catalog).await;
    catalog.member_join(&member(), Seq(20)).await.unwrap();
    catalog.member_leave(&directory(), other_account(), AT, Seq(30)).await.unwrap();
    let undelivered = catalog.undelivered().await.unwrap();
    let places: Vec<_> = undelivered.iter().map(|place| (place.account, place.after.0, place.through)).collect();
    assert_eq!(places, [(account(), 10, None), (other_account(), 20, Some(Seq(30)))]);
}

#[tokio::test]
async fn an_account_is_in_one_directory_and_a_directory_has_one_trail() {
    let catalog = catalog().await;
    organization(&catalog).await;
    catalog.member_join(&member(), Seq(20)).await.unwrap();
    let again = catalog.member_join(&member(), Seq(20)).await;
    assert!(matches!(again, Err(CatalogError::AlreadyExists { .. })));
    let own = Directory { id: "rd-other1".parse().unwrap(), management: other_account(), ..found(&catalog).await };
    let own = Directory { root_folder: "r-other1".to_owned(), ..own };
    assert!(matches!(catalog.directory_create(&own, Seq(20)).await, Err(CatalogError::AlreadyExists { .. })));
    let mut second = new_trail(account(), "trail-of-two");
    second.organization = Some(directory());
    assert!(matches!(catalog.trail_create(second, 5).await, Err(CatalogError::LimitReached { limit: 1, .. })));
    // The trails of the account alone are counted apart.
    catalog.trail_create(new_trail(account(), "trail-of-one"), 1).await.unwrap();
}

async fn found(catalog: &Catalog) -> Directory {
    catalog.directory_find(&directory()).await.unwrap().unwrap()
}
