//! What the tests put into a catalog.

use std::collections::BTreeSet;

use catalog::{AccessKey, Bucket, Catalog, NewTrail, User};
use model::trail::{BucketTarget, Destinations, EventRw, Selector, TrailRegions};
use model::{AccountId, Timestamp};

pub(crate) const AT: Timestamp = Timestamp(1_768_465_800_000);

pub(crate) fn account() -> AccountId {
    "1234567890123456".parse().unwrap()
}

pub(crate) fn other_account() -> AccountId {
    "6543210987654321".parse().unwrap()
}

/// A catalog with both accounts.
pub(crate) async fn catalog() -> Catalog {
    let catalog = Catalog::in_memory().await.unwrap();
    fill(&catalog).await;
    catalog
}

pub(crate) async fn fill(catalog: &Catalog) {
    catalog.account_create(account(), "management", true, AT).await.unwrap();
    catalog.account_create(other_account(), "tenant", false, AT).await.unwrap();
}

pub(crate) fn user(account: AccountId, name: &str) -> User {
    User {
        user_id: format!("2{}-{name}", account.as_str()),
        account,
        name: name.to_owned(),
        display_name: format!("{name} 的名字"),
        comments: String::new(),
        created: AT,
        updated: AT,
    }
}

pub(crate) fn key(id: &str, account: AccountId, user: Option<&str>) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        account,
        user: user.map(str::to_owned),
        sealed_secret: vec![0, 159, 146, 150],
        active: true,
        created: AT,
    }
}

pub(crate) fn bucket(account: AccountId, name: &str) -> Bucket {
    let url = format!("s3://{name}");
    Bucket { account, name: name.to_owned(), url, sealed_settings: b"sealed".to_vec(), created: AT }
}

pub(crate) fn everything() -> Selector {
    Selector::management(EventRw::All, TrailRegions::All)
}

pub(crate) fn writes_of_hangzhou() -> Selector {
    let regions = BTreeSet::from(["cn-hangzhou".to_owned()]);
    Selector::management(EventRw::Write, TrailRegions::Only(regions))
}

pub(crate) fn to_bucket(name: &str) -> Destinations {
    Destinations {
        bucket: Some(BucketTarget {
            name: name.to_owned(),
            prefix: Some("audit/logs".to_owned()),
            write_role_arn: None,
        }),
        ..Destinations::default()
    }
}

pub(crate) fn new_trail(account: AccountId, name: &str) -> NewTrail {
    NewTrail {
        organization: None,
        account,
        name: name.parse().unwrap(),
        home_region: "cn-hangzhou".to_owned(),
        selector: everything(),
        destinations: Destinations::default(),
        created: AT,
    }
}
