//! What the tests put into a catalog.

use std::collections::BTreeSet;

use catalog::{AccessKey, Bucket, Catalog, NewAlertRule, NewTrail, Project, ProjectKind, User};
use model::trail::{BucketTarget, Destinations, EventRw, LogTarget, Selector, TableTarget, TrailRegions};
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
    for owner in [account(), other_account()] {
        catalog.bucket_put(&bucket(owner, "main-logs")).await.unwrap();
    }
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

pub(crate) fn project(account: AccountId, name: &str, kind: ProjectKind) -> Project {
    Project {
        account,
        name: name.to_owned(),
        region: "cn-hangzhou".to_owned(),
        description: String::new(),
        kind,
        sealed_settings: Vec::new(),
        created: AT,
        updated: AT,
    }
}

pub(crate) fn alert_rule(account: AccountId, name: &str) -> NewAlertRule {
    NewAlertRule {
        account,
        project: "audit".into(),
        name: name.into(),
        display_name: "A rule".into(),
        description: String::new(),
        is_enabled: true,
        muted_until: None,
        schedule: "{ \"type\": \"FixedRate\" }".into(),
        configuration: "{ \"version\" : \"2.0\" }".into(),
    }
}

pub(crate) fn to_project(account: AccountId, name: &str) -> Destinations {
    let logs = LogTarget::parse(&format!("acs:log:cn-hangzhou:{account}:project/{name}"));
    Destinations { logs, ..Destinations::default() }
}

/// A catalog with both accounts, and what [`destinations_of`] the first one names.
pub(crate) async fn catalog_with_destinations() -> Catalog {
    let catalog = catalog().await;
    catalog.bucket_put(&bucket(account(), "logs")).await.unwrap();
    catalog.project_create(&project(account(), "audit", ProjectKind::Embedded)).await.unwrap();
    catalog
}

/// The bits of bucket, Logstore and table.
pub(crate) fn destinations_of(bits: u8) -> Destinations {
    let table = TableTarget::parse(&format!("acs:odps:cn-hangzhou:{}:project/actiontrail_audit", account()));
    Destinations {
        bucket: to_bucket("logs").bucket.filter(|_| bits & 1 > 0),
        logs: to_project(account(), "audit").logs.filter(|_| bits & 2 > 0),
        table: table.filter(|_| bits & 4 > 0),
    }
}

pub(crate) fn new_trail(account: AccountId, name: &str) -> NewTrail {
    NewTrail {
        organization: None,
        account,
        name: name.parse().unwrap(),
        home_region: "cn-hangzhou".to_owned(),
        selector: everything(),
        destinations: to_bucket("main-logs"),
        created: AT,
    }
}
