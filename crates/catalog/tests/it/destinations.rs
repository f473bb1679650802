//! Buckets of other accounts, jobs, and what migration 5 makes of an older catalog.

use catalog::{Catalog, CatalogError, DeliveryId, JobStatus, NewJob, NewTrail};
use model::Seq;
use model::trail::Destinations;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use crate::samples::{AT, account, bucket, catalog, everything, fill, new_trail, other_account, to_bucket};

fn through_role(name: &str) -> Destinations {
    let mut destinations = to_bucket(name);
    let role = format!("acs:ram::{}:role/writer", other_account());
    destinations.bucket.as_mut().unwrap().write_role_arn = Some(role);
    destinations
}

#[tokio::test]
async fn a_bucket_of_another_account_is_held_by_trails_intervals_and_jobs() {
    let catalog = catalog().await;
    catalog.bucket_put(&bucket(account(), "logs")).await.unwrap();
    catalog.bucket_put(&bucket(other_account(), "theirs")).await.unwrap();
    let new = |name: &str| NewTrail { destinations: through_role(name), ..new_trail(account(), "main-trail") };
    let missing = catalog.trail_create(new("logs"), 5).await.unwrap_err();
    assert!(matches!(missing, CatalogError::NotFound { .. }), "the other account has no bucket of that name");
    let trail = catalog.trail_create(new("theirs"), 5).await.unwrap();
    let in_use = |error: CatalogError| matches!(error, CatalogError::InUse { .. });
    let delete = async || catalog.bucket_delete(other_account(), "theirs").await;
    assert!(in_use(delete().await.unwrap_err()), "by the trail");
    catalog.trail_start(trail.id, AT, Seq(0)).await.unwrap();
    catalog.trail_update(trail.id, &everything(), &to_bucket("logs"), AT, Seq(5)).await.unwrap();
    assert!(in_use(delete().await.unwrap_err()), "by what it has yet to deliver there");
    catalog.delivery_advance(DeliveryId::bucket(trail.id), Seq(5), Some(AT), 1, 1).await.unwrap();
    let job = NewJob {
        account: account(),
        trail: trail.id,
        trail_name: trail.name.clone(),
        home_region: trail.home_region.clone(),
        selector: everything(),
        destinations: through_role("theirs"),
        from: AT,
        through: AT,
        head: Seq(5),
        client_token: None,
        created: AT,
    };
    let job = catalog.job_create(job, 1).await.unwrap().0;
    assert!(in_use(delete().await.unwrap_err()), "by the job");
    catalog.job_finish(job.id, Some("a test"), AT).await.unwrap();
    assert_eq!(catalog.job_state(job.id).await.unwrap().status, JobStatus::Failed);
    delete().await.unwrap();
    assert!(in_use(catalog.bucket_delete(account(), "logs").await.unwrap_err()), "the own one is held as before");
}

/// Role names of a catalog from before there were roles had no effect; they must not stop deliveries now.
#[tokio::test]
async fn roles_named_before_there_were_roles_are_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let catalog = Catalog::open(&path).await.unwrap();
    fill(&catalog).await;
    catalog.bucket_put(&bucket(account(), "logs")).await.unwrap();
    let new = NewTrail { destinations: to_bucket("logs"), ..new_trail(account(), "main-trail") };
    let trail = catalog.trail_create(new, 5).await.unwrap();
    catalog.trail_start(trail.id, AT, Seq(7)).await.unwrap();
    catalog.close().await;

    // As version 2 left it: the same rows, with a role, and without what migration 5 adds.
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let role = format!("acs:ram::{}:role/anything", other_account());
    for statement in [
        format!("UPDATE trails SET destinations = json_set(destinations, '$.bucket.write_role_arn', '{role}')"),
        format!("UPDATE intervals SET destinations = json_set(destinations, '$.bucket.write_role_arn', '{role}')"),
        "DROP INDEX trails_one_inner".to_owned(),
        "ALTER TABLE trails DROP COLUMN kind".to_owned(),
        "ALTER TABLE trails DROP COLUMN service".to_owned(),
        "DROP TABLE trail_buckets".to_owned(),
        "DROP TABLE delivery_metrics".to_owned(),
        "DROP TABLE delivery_job_batches".to_owned(),
        "DROP TABLE delivery_job_regions".to_owned(),
        "DROP TABLE delivery_jobs".to_owned(),
        "DROP TABLE account_settings".to_owned(),
        "DELETE FROM _sqlx_migrations WHERE version = 5".to_owned(),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();

    let catalog = Catalog::open(&path).await.unwrap();
    let found = catalog.trail_find(account(), &trail.name).await.unwrap().unwrap();
    assert_eq!(found.destinations, to_bucket("logs"));
    let intervals = catalog.intervals(DeliveryId::bucket(trail.id)).await.unwrap();
    assert_eq!((intervals.len(), &intervals[0].destinations), (1, &to_bucket("logs")), "and nothing else is lost");
    assert_eq!(intervals[0].after, Seq(7));
}
