//! What alerting is configured with: rules and the records of resources.

use catalog::{AlertRuleId, CatalogError, NewAlertRule, NewResourceRecord, ProjectKind, Resource};
use model::{ErrorKind, Timestamp};

use crate::samples::{AT, account, alert_rule as rule, catalog, other_account, project};

const LATER: Timestamp = Timestamp(AT.0 + 1000);

#[tokio::test]
async fn a_rule_is_kept_as_sent_and_its_version_counts_its_changes() {
    let catalog = catalog().await;
    for owner in [account(), other_account()] {
        catalog.project_create(&project(owner, "audit", ProjectKind::Embedded)).await.unwrap();
    }
    let seen = catalog.alert_rules_version();
    let id = catalog.alert_rule_create(&rule(account(), "first"), AT, 2).await.unwrap();
    catalog.alert_rule_create(&rule(other_account(), "first"), AT, 2).await.unwrap();
    let found = catalog.alert_rule_find(account(), "audit", "first").await.unwrap().unwrap();
    assert_eq!((found.id, found.version, found.created, found.updated), (id, 1, AT, AT));
    assert_eq!(found.configuration, "{ \"version\" : \"2.0\" }");

    let again = catalog.alert_rule_create(&rule(account(), "first"), AT, 1).await.unwrap_err();
    assert!(matches!(again, CatalogError::AlreadyExists { .. }), "{again}");
    let full = catalog.alert_rule_create(&rule(account(), "second"), AT, 1).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { limit: 1, .. }), "{full}");
    assert_eq!(catalog.alert_rule_find(account(), "audit", "second").await.unwrap(), None);

    let changed = NewAlertRule { muted_until: Some(LATER), ..rule(account(), "first") };
    catalog.alert_rule_update(&changed, LATER).await.unwrap();
    let found = catalog.alert_rule_of_id(account(), id).await.unwrap().unwrap();
    assert_eq!((found.version, found.muted_until, found.updated), (2, Some(LATER), LATER));
    assert_eq!(catalog.alert_rule_of_id(other_account(), id).await.unwrap(), None);
    let missing = catalog.alert_rule_update(&rule(account(), "none"), AT).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(*seen.borrow(), 3, "two made, one changed");
}

#[tokio::test]
async fn a_rule_that_is_switched_off_is_not_evaluated() {
    let catalog = catalog().await;
    catalog.project_create(&project(account(), "audit", ProjectKind::Embedded)).await.unwrap();
    for name in ["a", "b"] {
        catalog.alert_rule_create(&rule(account(), name), AT, 2).await.unwrap();
    }
    let enabled = async || {
        catalog.alert_rules_enabled().await.unwrap().into_iter().map(|rule| rule.written.name).collect::<Vec<_>>()
    };
    assert_eq!(enabled().await, ["a", "b"]);
    assert!(catalog.alert_rule_switch(account(), "audit", "a", false, LATER).await.unwrap());
    assert!(!catalog.alert_rule_switch(account(), "audit", "a", false, LATER).await.unwrap(), "it was off");
    assert_eq!(enabled().await, ["b"]);
    let missing = catalog.alert_rule_switch(other_account(), "audit", "a", true, LATER).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let names: Vec<_> = catalog.alert_rule_list(account(), "audit").await.unwrap();
    assert_eq!(names.iter().map(|rule| (rule.name.as_str(), rule.version)).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
}

#[tokio::test]
async fn rules_go_with_their_project_and_no_number_comes_back() {
    let catalog = catalog().await;
    catalog.project_create(&project(account(), "audit", ProjectKind::Embedded)).await.unwrap();
    catalog.alert_rule_create(&rule(account(), "a"), AT, 9).await.unwrap();
    catalog.alert_rule_delete(account(), "audit", "a").await.unwrap();
    let gone = catalog.alert_rule_delete(account(), "audit", "a").await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let second = catalog.alert_rule_create(&rule(account(), "a"), AT, 9).await.unwrap();
    assert_eq!(second, AlertRuleId(2));
    catalog.project_delete(account(), "audit", ProjectKind::Embedded).await.unwrap();
    assert!(catalog.alert_rules_of_account(account()).await.unwrap().is_empty());
    let orphan = catalog.alert_rule_create(&rule(account(), "a"), AT, 9).await.unwrap_err();
    assert_eq!(orphan.kind(), ErrorKind::NotFound, "{orphan}");
}

fn record(id: &str, tag: Option<&str>, value: &str) -> NewResourceRecord {
    NewResourceRecord { id: id.into(), tag: tag.map(str::to_owned), value: value.into() }
}

#[tokio::test]
async fn records_are_an_accounts_own_and_keep_their_tag_unless_it_is_sent() {
    let catalog = catalog().await;
    let of = "sls.common.user";
    catalog.resource_record_create(account(), of, &record("kumer", Some("Kumer"), "{}"), AT, 2).await.unwrap();
    let again = catalog.resource_record_create(account(), of, &record("kumer", None, "{}"), AT, 2).await.unwrap_err();
    assert!(matches!(again, CatalogError::AlreadyExists { .. }), "{again}");
    catalog.resource_record_update(account(), of, &record("kumer", None, "{ }"), LATER).await.unwrap();
    let found = catalog.resource_record_find(account(), of, "kumer").await.unwrap().unwrap();
    assert_eq!((found.tag.as_str(), found.value.as_str()), ("Kumer", "{ }"));
    assert_eq!((found.created, found.updated), (AT, LATER));
    assert_eq!(catalog.resource_record_find(other_account(), of, "kumer").await.unwrap(), None);
    let missing = catalog.resource_record_update(other_account(), of, &record("kumer", None, ""), AT).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);

    let both = [record("kumer", Some("K"), "1"), record("anna", None, "2")];
    catalog.resource_records_put(account(), of, &both, LATER, 2).await.unwrap();
    let third = [record("kumer", Some("changed"), "3"), record("third", None, "")];
    let full = catalog.resource_records_put(account(), of, &third, LATER, 2).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { limit: 2, .. }), "{full}");
    let list = catalog.resource_record_list(account(), of).await.unwrap();
    let list: Vec<_> = list.iter().map(|each| (each.id.as_str(), each.tag.as_str(), each.value.as_str())).collect();
    assert_eq!(list, [("anna", "", "2"), ("kumer", "K", "1")], "all or none");

    let wrong = catalog.resource_records_delete(account(), of, &["anna".into(), "nobody".into()]).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::NotFound);
    assert!(catalog.resource_record_find(account(), of, "anna").await.unwrap().is_some(), "all or none");
    catalog.resource_records_delete(account(), of, &["anna".into(), "kumer".into()]).await.unwrap();
    assert!(catalog.resource_record_list(account(), of).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_resource_goes_with_its_records() {
    let catalog = catalog().await;
    let mut declared = Resource {
        account: account(),
        name: "user.addresses".into(),
        description: "known addresses".into(),
        schema: "{\"schema\":[]}".into(),
        acl: String::new(),
        ext_info: String::new(),
        created: AT,
        updated: AT,
    };
    catalog.resource_create(&declared, 1).await.unwrap();
    let second = Resource { name: "user.more".into(), ..declared.clone() };
    let full = catalog.resource_create(&second, 1).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { .. }), "{full}");
    declared.description = "others".into();
    declared.updated = LATER;
    catalog.resource_update(&declared).await.unwrap();
    assert_eq!(catalog.resource_find(account(), "user.addresses").await.unwrap(), Some(declared.clone()));
    assert!(catalog.resource_list(other_account()).await.unwrap().is_empty());
    catalog.resource_record_create(account(), &declared.name, &record("a", None, "{}"), AT, 2).await.unwrap();
    let seen = catalog.resource_records_version();
    let before = *seen.borrow();
    catalog.resource_delete(account(), &declared.name).await.unwrap();
    assert_eq!(*seen.borrow(), before + 1);
    assert!(catalog.resource_record_list(account(), &declared.name).await.unwrap().is_empty());
    let gone = catalog.resource_delete(account(), &declared.name).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}
