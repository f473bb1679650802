//! Projects, Logstores and what they show. Starts, stops and updates have a model of their own.

use std::time::Duration;

use catalog::{
    Catalog, CatalogError, Directory, JoinMethod, Logstore, MemberKind, NewJob, NewMember, NewTrail, ProjectKind,
    TTL_DAYS_FOR_EVER,
};
use model::logstore::Part;
use model::organization::DirectoryId;
use model::trail::{Destinations, Selector, Trail};
use model::{AccountId, ErrorKind, Seq, Timestamp};

use crate::samples::{
    AT, account, catalog_with_destinations, destinations_of, new_trail, other_account, project, to_bucket, to_project,
};

fn new_with_logstore(name: &str) -> NewTrail {
    NewTrail { destinations: to_project(account(), "audit"), ..new_trail(account(), name) }
}

async fn only_logstore(catalog: &Catalog) -> Logstore {
    let mut all = catalog.logstores_of(account()).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Accounts and numbers of the parts.
async fn shown(catalog: &Catalog) -> Vec<(AccountId, u64, Option<u64>)> {
    let view = catalog.logstore_view(&only_logstore(catalog).await, AT).await.unwrap();
    let range = |part: &Part| (part.account, part.after.0, part.through.map(|through| through.0));
    view.parts().iter().map(range).collect()
}

#[tokio::test]
async fn projects_of_both_kinds_share_names_and_stay_while_used() {
    let catalog = catalog_with_destinations().await;
    let remote = project(account(), "far-away", ProjectKind::Remote);
    catalog.project_create(&remote).await.unwrap();
    for taken in ["far-away", "audit"] {
        let again = catalog.project_create(&project(account(), taken, ProjectKind::Embedded)).await.unwrap_err();
        assert!(matches!(again, CatalogError::AlreadyExists { .. }));
    }
    catalog.project_create(&project(other_account(), "audit", ProjectKind::Embedded)).await.unwrap();
    assert_eq!(catalog.project_find(account(), "far-away").await.unwrap(), None, "it is not in this node");
    assert_eq!(catalog.project_list(account()).await.unwrap().len(), 1);
    assert_eq!(catalog.remote_project_list(account()).await.unwrap(), [remote]);
    catalog.project_update(account(), "audit", "of the auditors", AT).await.unwrap();
    let found = catalog.project_find(account(), "audit").await.unwrap().unwrap();
    assert_eq!(found.description, "of the auditors");
    let theirs = catalog.project_update(account(), "far-away", "", AT).await.unwrap_err();
    assert_eq!(theirs.kind(), ErrorKind::NotFound);

    let trail = catalog.trail_create(new_with_logstore("main-trail"), 5).await.unwrap();
    let delete = async |name, kind| catalog.project_delete(account(), name, kind).await;
    let held = |result: Result<(), CatalogError>| matches!(result, Err(CatalogError::InUse { .. }));
    assert!(held(delete("audit", ProjectKind::Embedded).await), "a Logstore is in it");
    let in_use = catalog.logstore_delete(account(), "audit", "actiontrail_main-trail").await;
    assert!(held(in_use), "the trail is pointed there");
    let mut far = to_project(account(), "far-away");
    let absent = catalog.trail_update(trail.id, &trail.selector, &far, AT, Seq(0)).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound, "it is remote and not what the trail takes it for");
    far.logs.as_mut().unwrap().is_remote = true;
    catalog.trail_start(trail.id, AT, Seq(0)).await.unwrap();
    catalog.trail_update(trail.id, &trail.selector, &far, AT, Seq(4)).await.unwrap();
    assert!(held(delete("far-away", ProjectKind::Remote).await));
    catalog.logstore_delete(account(), "audit", "actiontrail_main-trail").await.unwrap();
    delete("audit", ProjectKind::Embedded).await.unwrap();
    catalog.trail_update(trail.id, &trail.selector, &Destinations::default(), AT, Seq(9)).await.unwrap();
    assert!(held(delete("far-away", ProjectKind::Remote).await), "events 5 to 9 are still to be sent there");
    catalog.trail_delete(trail.id, Seq(9)).await.unwrap();
    delete("far-away", ProjectKind::Remote).await.unwrap();
    assert_eq!(delete("far-away", ProjectKind::Remote).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_logstore_outlives_its_trail_and_the_next_of_the_name_goes_on_in_it() {
    let catalog = catalog_with_destinations().await;
    let trail = catalog.trail_create(new_with_logstore("main-trail"), 5).await.unwrap();
    let logstore = only_logstore(&catalog).await;
    assert_eq!((&*logstore.name, logstore.ttl_days), ("actiontrail_main-trail", TTL_DAYS_FOR_EVER));
    assert_eq!(logstore.trail, Some(trail.id));
    catalog.trail_start(trail.id, AT, Seq(10)).await.unwrap();
    // The bucket is another matter: what is shown goes on.
    let both = destinations_of(0b011);
    catalog.trail_update(trail.id, &trail.selector, &both, AT, Seq(20)).await.unwrap();
    assert_eq!(shown(&catalog).await, [(account(), 10, None)]);
    catalog.trail_delete(trail.id, Seq(30)).await.unwrap();
    assert_eq!(shown(&catalog).await, [(account(), 10, Some(30))]);
    assert_eq!(only_logstore(&catalog).await.trail, None);
    let again = catalog.trail_create(new_with_logstore("main-trail"), 5).await.unwrap();
    catalog.trail_start(again.id, AT, Seq(40)).await.unwrap();
    assert_eq!(shown(&catalog).await, [(account(), 10, Some(30)), (account(), 40, None)]);
    let inner = NewTrail { selector: Selector::platform(), ..new_with_logstore("inner-trail") };
    catalog.inner_trail_create(inner).await.unwrap();
    let names: Vec<String> = catalog.logstores_of(account()).await.unwrap().into_iter().map(|each| each.name).collect();
    assert_eq!(names, ["actiontrail_main-trail", "innertrail_inner-trail"]);
}

#[tokio::test]
async fn days_end_what_is_shown_and_needed() {
    let catalog = catalog_with_destinations().await;
    let trail = catalog.trail_create(new_with_logstore("main-trail"), 5).await.unwrap();
    catalog.trail_start(trail.id, AT, Seq(10)).await.unwrap();
    let view = async || catalog.logstore_view(&only_logstore(&catalog).await, AT).await.unwrap();
    assert_eq!(view().await.not_before, Timestamp(i64::MIN));
    catalog.logstore_update_ttl(account(), "audit", "actiontrail_main-trail", 30, AT).await.unwrap();
    let month_ago = AT.minus(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(view().await.not_before, month_ago);
    let needs = catalog.logstores_needs(AT).await.unwrap();
    assert_eq!((needs.len(), needs[0].after, needs[0].through, needs[0].not_before), (1, Seq(10), None, month_ago));
    let unknown = catalog.logstore_update_ttl(account(), "audit", "other", 30, AT).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_job_shows_the_past_within_its_times() {
    let catalog = catalog_with_destinations().await;
    let trail = catalog.trail_create(new_with_logstore("main-trail"), 5).await.unwrap();
    let job = |token: &str, trail: &Trail| NewJob {
        account: account(),
        trail: trail.id,
        trail_name: trail.name.clone(),
        home_region: "cn-hangzhou".to_owned(),
        selector: trail.selector.clone(),
        destinations: trail.destinations.clone(),
        from: AT.minus(Duration::from_secs(60)),
        through: AT,
        head: Seq(100),
        client_token: Some(token.to_owned()),
        created: AT,
    };
    for _ in 0..2 {
        catalog.job_create(job("once", &trail), 5).await.unwrap();
    }
    let view = catalog.logstore_view(&only_logstore(&catalog).await, AT).await.unwrap();
    let [part] = view.parts() else { panic!("the same token gives the same job: {view:?}") };
    assert_eq!((part.after, part.through), (Seq(0), Some(Seq(100))));
    assert_eq!((part.from, part.before), (AT.minus(Duration::from_secs(60)), Timestamp(AT.0 + 1)));
    assert_eq!(catalog.logstores_needs(AT).await.unwrap()[0].not_before, part.from);
    let elsewhere = NewTrail { destinations: to_bucket("logs"), ..new_trail(account(), "other-trail") };
    let elsewhere = catalog.trail_create(elsewhere, 5).await.unwrap();
    catalog.job_create(job("twice", &elsewhere), 5).await.unwrap();
    assert_eq!(shown(&catalog).await.len(), 1, "into a bucket only");
}

#[tokio::test]
async fn an_organization_shows_its_members_within_their_memberships_also_when_it_is_gone() {
    let catalog = catalog_with_destinations().await;
    let id: DirectoryId = "rd-abc123".parse().unwrap();
    let directory =
        Directory { id: id.clone(), management: account(), root_folder: "r-abc123".to_owned(), created: AT };
    catalog.directory_create(&directory, Seq(0)).await.unwrap();
    let new = NewTrail { organization: Some(id.clone()), ..new_with_logstore("trail-of-all") };
    let trail = catalog.trail_create(new, 5).await.unwrap();
    catalog.trail_start(trail.id, AT, Seq(10)).await.unwrap();
    let member = NewMember {
        directory: id.clone(),
        account: other_account(),
        folder: None,
        display_name: "tenant".to_owned(),
        kind: MemberKind::Cloud,
        join_method: JoinMethod::Invited,
        at: AT,
    };
    catalog.member_join(&member, Seq(20)).await.unwrap();
    assert_eq!(shown(&catalog).await, [(account(), 10, None), (other_account(), 20, None)]);
    catalog.member_leave(&id, other_account(), AT, Seq(30)).await.unwrap();
    catalog.member_join(&member, Seq(40)).await.unwrap();
    catalog.member_leave(&id, other_account(), AT, Seq(60)).await.unwrap();
    catalog.trail_delete(trail.id, Seq(50)).await.unwrap();
    let history = [(account(), 10, Some(50)), (other_account(), 20, Some(30)), (other_account(), 40, Some(50))];
    assert_eq!(shown(&catalog).await, history);
    catalog.directory_delete(&id).await.unwrap();
    assert_eq!(shown(&catalog).await, history, "what was shown stays shown");
}
