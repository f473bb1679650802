//! What Log Service's clients keep: consumer groups with their checkpoints, saved searches, dashboards.

use catalog::{CatalogError, Checkpoint, ConsumerGroup, Document, DocumentKind, Documents, LogstoreName};
use model::ErrorKind;

use crate::samples::{AT, account, catalog, other_account};

fn logstore(project: &str) -> LogstoreName {
    LogstoreName { account: account(), project: project.into(), logstore: "actiontrail_a".into() }
}

fn group(name: &str) -> ConsumerGroup {
    ConsumerGroup { name: name.into(), timeout_seconds: 60, in_order: false }
}

#[tokio::test]
async fn a_group_and_its_checkpoints_live_and_go_together() {
    let catalog = catalog().await;
    let of = logstore("p");
    catalog.consumer_group_create(&of, &group("readers"), AT, 2).await.unwrap();
    let again = catalog.consumer_group_create(&of, &group("readers"), AT, 2).await.unwrap_err();
    assert!(matches!(again, CatalogError::AlreadyExists { .. }), "{again}");
    catalog.consumer_group_create(&of, &group("others"), AT, 2).await.unwrap();
    let full = catalog.consumer_group_create(&of, &group("third"), AT, 2).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { limit: 2, .. }), "{full}");
    catalog.consumer_group_create(&logstore("q"), &group("readers"), AT, 2).await.unwrap();
    let names: Vec<_> = catalog.consumer_group_list(&of).await.unwrap().into_iter().map(|each| each.name).collect();
    assert_eq!(names, ["others", "readers"]);

    let changed = ConsumerGroup { timeout_seconds: 5, in_order: true, ..group("readers") };
    catalog.consumer_group_update(&of, &changed).await.unwrap();
    assert_eq!(catalog.consumer_group_find(&of, "readers").await.unwrap(), Some(changed));
    let theirs = LogstoreName { account: other_account(), ..of.clone() };
    assert_eq!(catalog.consumer_group_find(&theirs, "readers").await.unwrap(), None);
    let missing = catalog.consumer_group_update(&theirs, &group("readers")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);

    let mut at = Checkpoint { shard: 0, cursor: "MQ==".into(), consumer: "one".into(), updated: AT };
    catalog.consumer_checkpoint_put(&of, "readers", &at).await.unwrap();
    at.cursor = "Mg==".into();
    catalog.consumer_checkpoint_put(&of, "readers", &at).await.unwrap();
    assert_eq!(catalog.consumer_checkpoint_list(&of, "readers").await.unwrap(), [at.clone()]);
    let nobodys = catalog.consumer_checkpoint_put(&of, "nobody", &at).await.unwrap_err();
    assert_eq!(nobodys.kind(), ErrorKind::NotFound, "{nobodys}");
    catalog.consumer_group_delete(&of, "readers").await.unwrap();
    assert_eq!(catalog.consumer_group_delete(&of, "readers").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(catalog.consumer_checkpoint_list(&of, "readers").await.unwrap().is_empty());
    assert!(catalog.consumer_group_find(&logstore("q"), "readers").await.unwrap().is_some());
}

#[tokio::test]
async fn documents_are_kept_as_sent_and_go_with_their_project() {
    let catalog = catalog().await;
    let of = |kind| Documents { account: account(), project: "p".into(), kind };
    let (boards, searches) = (of(DocumentKind::Dashboard), of(DocumentKind::SavedSearch));
    let document = |body: &str| Document { name: "same".into(), body: body.into() };
    catalog.log_document_create(&boards, &document("{ \"a\" : 1 }"), AT, 1).await.unwrap();
    catalog.log_document_create(&searches, &document("{}"), AT, 1).await.unwrap();
    let again = catalog.log_document_create(&boards, &document("{}"), AT, 2).await.unwrap_err();
    assert!(matches!(again, CatalogError::AlreadyExists { .. }), "{again}");
    let more = Document { name: "more".into(), ..document("{}") };
    let full = catalog.log_document_create(&boards, &more, AT, 1).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { .. }), "{full}");
    catalog.log_document_update(&searches, &document("[新]"), AT).await.unwrap();
    assert_eq!(catalog.log_document_find(&boards, "same").await.unwrap(), Some(document("{ \"a\" : 1 }")));
    assert_eq!(catalog.log_document_list(&searches).await.unwrap(), [document("[新]")]);
    let theirs = Documents { account: other_account(), ..boards.clone() };
    assert!(catalog.log_document_list(&theirs).await.unwrap().is_empty());
    assert_eq!(catalog.log_document_delete(&theirs, "same").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(catalog.log_document_update(&theirs, &more, AT).await.unwrap_err().kind(), ErrorKind::NotFound);
    catalog.log_document_delete(&searches, "same").await.unwrap();

    catalog.consumer_group_create(&logstore("p"), &group("readers"), AT, 2).await.unwrap();
    catalog.log_service_forget(other_account(), "p").await.unwrap();
    assert_eq!(catalog.log_document_list(&boards).await.unwrap().len(), 1);
    catalog.log_service_forget(account(), "p").await.unwrap();
    assert!(catalog.log_document_list(&boards).await.unwrap().is_empty());
    assert!(catalog.consumer_group_list(&logstore("p")).await.unwrap().is_empty());
}
