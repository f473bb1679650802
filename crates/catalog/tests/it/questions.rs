//! Saved queries, insight settings, and the history of global regions.

use std::collections::BTreeSet;
use std::time::Duration;

use catalog::{AddressList, CatalogError, DeliveryId, GlobalRegion, Plan, QueryTemplate, SavedQuery};
use model::{AccountId, ErrorKind, Seq, Timestamp};

use crate::samples::{AT, account, catalog, new_trail, other_account};

fn template(account: AccountId, id: &str, created: Timestamp) -> QueryTemplate {
    let query = "event.eventName: ConsoleSignin".to_owned();
    QueryTemplate {
        id: id.to_owned(),
        account,
        name: format!("of {id}"),
        query,
        simple: true,
        created,
        updated: created,
    }
}

#[tokio::test]
async fn templates_are_kept_changed_counted_and_forgotten() {
    let catalog = catalog().await;
    let (first, second) = (template(account(), "t1", AT), template(account(), "t2", AT.plus(Duration::from_secs(1))));
    catalog.query_template_create(&first, 2).await.unwrap();
    catalog.query_template_create(&second, 2).await.unwrap();
    let full = catalog.query_template_create(&template(account(), "t3", AT), 2).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { limit: 2, .. }), "{full}");
    catalog.query_template_create(&template(other_account(), "t4", AT), 2).await.unwrap();
    assert_eq!(catalog.query_template_list(account()).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(catalog.query_template_find(other_account(), "t1").await.unwrap(), None);

    let changed = QueryTemplate { name: "新".to_owned(), simple: false, ..first.clone() };
    catalog.query_template_update(&changed).await.unwrap();
    assert_eq!(catalog.query_template_find(account(), "t1").await.unwrap(), Some(changed));
    let theirs = QueryTemplate { account: other_account(), ..first };
    assert_eq!(catalog.query_template_update(&theirs).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(catalog.query_template_delete(other_account(), "t1").await.unwrap_err().kind(), ErrorKind::NotFound);
    catalog.query_template_delete(account(), "t1").await.unwrap();
    assert_eq!(catalog.query_template_list(account()).await.unwrap(), [second]);
}

#[tokio::test]
async fn the_history_holds_the_last_queries_of_an_account() {
    let catalog = catalog().await;
    for number in 0..5 {
        let saved = |account, word: &str| SavedQuery {
            id: format!("{word}{number}"),
            account,
            query: "a".to_owned(),
            simple: true,
            // All in one moment: then the order they came in counts.
            created: AT,
        };
        catalog.query_history_add(&saved(account(), "q"), 3).await.unwrap();
        catalog.query_history_add(&saved(other_account(), "o"), 9).await.unwrap();
    }
    let ids = |saved: Vec<SavedQuery>| saved.into_iter().map(|each| each.id).collect::<Vec<_>>();
    assert_eq!(ids(catalog.query_history_list(account()).await.unwrap()), ["q4", "q3", "q2"]);
    assert_eq!(catalog.query_history_list(other_account()).await.unwrap().len(), 5);
    catalog.query_history_delete(account(), "q3").await.unwrap();
    assert_eq!(catalog.query_history_delete(account(), "o1").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(ids(catalog.query_history_list(account()).await.unwrap()), ["q4", "q2"]);
}

#[tokio::test]
async fn insights_are_switched_and_lists_replaced() {
    let catalog = catalog().await;
    catalog.insight_type_enable(account(), "IpInsight", AT).await.unwrap();
    catalog.insight_type_enable(account(), "IpInsight", AT.plus(Duration::from_secs(9))).await.unwrap();
    let on = catalog.insight_types(account()).await.unwrap();
    assert_eq!(on.into_iter().collect::<Vec<_>>(), [("IpInsight".to_owned(), AT)], "it was on already");
    assert!(catalog.insight_types(other_account()).await.unwrap().is_empty());
    catalog.insight_type_disable(account(), "IpInsight").await.unwrap();
    catalog.insight_type_disable(account(), "IpInsight").await.unwrap();
    assert!(catalog.insight_types(account()).await.unwrap().is_empty());

    let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<String>>();
    let both = [(AddressList::Black, set(&["10.0.0.1", "10.0.0.2"])), (AddressList::White, set(&["10.1.0.0/16"]))];
    catalog.insight_addresses_put(account(), &both, AT).await.unwrap();
    let later = AT.plus(Duration::from_secs(60));
    catalog.insight_addresses_put(account(), &[(AddressList::Black, set(&["10.0.0.2", "::1"]))], later).await.unwrap();
    let kept = catalog.insight_addresses(account()).await.unwrap();
    assert_eq!((kept.black, kept.white, kept.added), (set(&["10.0.0.2", "::1"]), set(&["10.1.0.0/16"]), Some(later)));
    catalog.insight_addresses_put(account(), &[(AddressList::White, set(&[]))], later).await.unwrap();
    assert!(catalog.insight_addresses(account()).await.unwrap().white.is_empty());
    assert_eq!(catalog.insight_addresses(other_account()).await.unwrap(), Default::default());
}

/// A choice must not change where events lie that a plan has put already.
#[tokio::test]
async fn a_global_region_counts_behind_everything_that_is_planned() {
    let catalog = catalog().await;
    let trail = catalog.trail_create(new_trail(other_account(), "main-trail"), 5).await.unwrap().id;
    catalog.trail_start(trail, AT, Seq(10)).await.unwrap();
    let interval = catalog.intervals(DeliveryId::bucket(trail)).await.unwrap()[0].id;
    assert!(catalog.global_regions(account()).await.unwrap().is_empty());
    assert_eq!(catalog.global_region_put(account(), "cn-hangzhou", AT, Seq(12)).await.unwrap(), Seq(12));
    catalog
        .delivery_plan(DeliveryId::bucket(trail), &Plan { interval, after: Seq(10), through: Seq(40) })
        .await
        .unwrap();
    let second = catalog.global_region_put(account(), "ap-southeast-1", AT, Seq(30)).await.unwrap();
    assert_eq!(second, Seq(40));
    let again = catalog.global_region_put(account(), "cn-hangzhou", AT, Seq(35)).await.unwrap();
    assert_eq!(again, Seq(40), "the choice before it never counted");
    let choice = |after, region: &str| GlobalRegion { after: Seq(after), region: region.to_owned(), chosen: AT };
    let expected = [choice(12, "cn-hangzhou"), choice(40, "cn-hangzhou")];
    assert_eq!(catalog.global_regions(account()).await.unwrap(), expected);
    assert!(catalog.global_regions(other_account()).await.unwrap().is_empty());
}
