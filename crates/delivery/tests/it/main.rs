//! Delivery seen from outside: from a source of events to files in a folder, through the real catalog and bucket.

mod scene;
// The S3 server the tests of `outbound` use.
#[allow(dead_code, reason = "they use more of it")]
#[path = "../../../outbound/tests/it/server.rs"]
mod server;
mod servers;
mod vanishing;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::{Bucket, Catalog, DeliveryId, NewTrail};
use delivery::{Buckets, Config, Delivery, DeliveryError, Parts, Source};
use flate2::read::GzDecoder;
use host::metrics::Metrics;
use host::{OsRandom, RealDisk, Shutdown, SystemClock};
use model::trail::{BucketTarget, Destinations, EventRw, Selector, TrailRegions};
use model::{AccountId, ErrorKind, Event, Seq, Timestamp};
use outbound::{BucketSettings, Outbound};
use store::{Found, Owned, StoreError, StretchOfMany};
use tokio::sync::watch;

/// One account's events, numbered from 1.
struct Events(Vec<Event>);

impl Source for Events {
    fn read_after(&self, _: &[AccountId], after: Seq, through: Seq, _: usize) -> Result<StretchOfMany, StoreError> {
        let numbered = (1..).map(Seq).zip(&self.0).filter(|(seq, _)| *seq > after && *seq <= through);
        let found = |(seq, event): (Seq, &Event)| Found { seq, received: Timestamp(0), event: event.clone() };
        let owned = numbered.map(found).map(|found| Owned { account: account(), found });
        Ok(StretchOfMany { events: owned.collect(), through })
    }

    fn count(&self, _: AccountId, _: Timestamp, _: Timestamp, _: &dyn Fn(&Found) -> bool) -> Result<u64, StoreError> {
        unreachable!("there are no jobs in these tests")
    }
}

fn account() -> AccountId {
    "1000000000000001".parse().expect("an account id")
}

/// The vault of these tests turns every byte around.
fn turned(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

async fn catalog_with_bucket(url: &str, settings: &str) -> Catalog {
    let catalog = Catalog::in_memory().await.expect("a catalog");
    catalog.account_create(account(), "tests", true, Timestamp(0)).await.expect("an account");
    let bucket = Bucket {
        account: account(),
        name: "logs".into(),
        url: url.into(),
        sealed_settings: turned(settings.as_bytes()),
        created: Timestamp(0),
    };
    catalog.bucket_put(&bucket).await.expect("a bucket");
    catalog
}

fn buckets(catalog: &Catalog) -> (Buckets, Outbound) {
    let outbound = Outbound::new(&outbound::Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).expect("set up");
    let unseal =
        Arc::new(|sealed: &[u8]| if sealed.is_empty() { Err("nothing sealed".into()) } else { Ok(turned(sealed)) });
    (Buckets::new(catalog.clone(), unseal, outbound.clone()), outbound)
}

#[tokio::test]
async fn events_become_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", folder.path().display());
    let catalog = catalog_with_bucket(&url, "{}").await;
    let (buckets, outbound) = buckets(&catalog);
    let target = BucketTarget { name: "logs".into(), prefix: Some("a-prefix".into()), write_role_arn: None };
    let new = NewTrail {
        organization: None,
        account: account(),
        name: "audit-trail".parse().expect("a name"),
        home_region: "cn-hangzhou".into(),
        selector: Selector::management(EventRw::All, TrailRegions::All),
        destinations: Destinations { bucket: Some(target), ..Default::default() },
        created: Timestamp(0),
    };
    let trail = catalog.trail_create(new, 5).await.expect("a trail");
    catalog.trail_start(trail.id, Timestamp(0), Seq(0)).await.expect("started");

    let sent: Vec<String> = (1..=500)
        .map(|n| {
            format!(r#"{{"eventId":"{n}","eventTime":"2026-01-15T08:30:00Z","acsRegion":"cn-beijing", "n":{n}e20}}"#)
        })
        .collect();
    let events = sent.iter().map(|json| Event::parse(Bytes::from(json.clone())).expect("an event")).collect();
    let (_committed, head) = watch::channel(Seq(500));
    let parts = Parts {
        tables: None,
        catalog: catalog.clone(),
        source: Arc::new(Events(events)),
        destinations: Arc::new(buckets),
        committed: head,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let shutdown = Shutdown::new();
    Delivery::start(parts, Config::default(), &Metrics::default(), &shutdown);
    while catalog.delivery_state(DeliveryId::bucket(trail.id)).await.expect("a state").cursor < Seq(500) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    shutdown.finish(Duration::from_secs(10)).await;

    let bucket = outbound.open_bucket(&url, &BucketSettings::default()).expect("opened");
    let objects = bucket.list("a-prefix/AliyunLogs/Actiontrail/cn-beijing/1970/01/01", 10).await.expect("listed");
    let [object] = &objects[..] else { panic!("one object: {objects:?}") };
    let mut json = String::new();
    let gzip = bucket.get(&object.key).await.expect("read");
    GzDecoder::new(&gzip[..]).read_to_string(&mut json).expect("gzip of text");
    assert_eq!(json, format!("[{}]", sent.join(",")));
}

#[tokio::test]
async fn a_bucket_that_cannot_be_opened_says_why() {
    let catalog = catalog_with_bucket("s3://audit-logs", r#"{"endpoint":"http://minio:9000"}"#).await;
    let (opener, _) = buckets(&catalog);
    let error = opener.open_bucket(account(), "logs").await.expect_err("no TLS and not allowed");
    assert!(error.to_string().contains("set allow_http"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = opener.open_bucket(account(), "others").await.expect_err("unknown");
    assert!(matches!(error, DeliveryError::NoBucket { .. }), "{error}");

    let catalog = catalog_with_bucket("s3://audit-logs", "not JSON").await;
    let error = buckets(&catalog).0.open_bucket(account(), "logs").await.expect_err("damaged");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let catalog = catalog_with_bucket("s3://audit-logs", "").await;
    let error = buckets(&catalog).0.open_bucket(account(), "logs").await.expect_err("not sealed");
    assert_eq!(error.to_string(), "could not unseal the settings of logs");
}
