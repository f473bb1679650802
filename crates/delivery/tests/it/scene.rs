//! A store, a delivery and two trails: one writes to the bucket under test, one to a folder that always works.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::{Bucket, Catalog, DeliveryId, DeliveryState, NewTrail};
use delivery::{Buckets, Config, Delivery, Parts};
use flate2::read::GzDecoder;
use host::metrics::Metrics;
use host::{Disk, OsRandom, RealDisk, Shutdown, SystemClock};
use journal::{Entry, Writer};
use model::trail::{BucketTarget, Destinations, EventRw, Selector, TrailRegions};
use model::{AccountId, Event, Timestamp};
use outbound::Outbound;
use store::Store;
use tokio::time::Instant;

pub(crate) struct Scene {
    catalog: Catalog,
    store: Store,
    writer: Writer,
    shutdown: Shutdown,
    tested: i64,
    working: i64,
    works: tempfile::TempDir,
    _data: tempfile::TempDir,
    sent: usize,
}

fn account() -> AccountId {
    "1000000000000001".parse().expect("an account id")
}

/// Waits for something other tasks bring about.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn trail(catalog: &Catalog, name: &str, url: &str, settings: &str) -> i64 {
    let bucket = Bucket {
        account: account(),
        name: name.into(),
        url: url.into(),
        sealed_settings: settings.into(),
        created: Timestamp(0),
    };
    catalog.bucket_put(&bucket).await.expect("a bucket");
    let target = BucketTarget { name: name.into(), prefix: None, write_role_arn: None };
    let new = NewTrail {
        organization: None,
        account: account(),
        name: name.parse().expect("a trail's name"),
        home_region: "cn-hangzhou".into(),
        selector: Selector::management(EventRw::All, TrailRegions::All),
        destinations: Destinations { bucket: Some(target), ..Default::default() },
        created: Timestamp(0),
    };
    let trail = catalog.trail_create(new, 5).await.expect("a trail");
    catalog.trail_start(trail.id, Timestamp(0), model::Seq::ZERO).await.expect("started");
    trail.id
}

impl Scene {
    /// Delivers as fast as it can; retries after 50 to 200 ms; an attempt may take `patience`.
    pub(crate) async fn new(url: &str, settings: &str, patience: Duration) -> Scene {
        let (data, works) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let catalog = Catalog::in_memory().await.expect("a catalog");
        catalog.account_create(account(), "tests", true, Timestamp(0)).await.expect("an account");
        let tested = trail(&catalog, "tested", url, settings).await;
        let working = trail(&catalog, "working", &format!("file://{}", works.path().display()), "{}").await;
        let (disk, clock) = (Arc::new(RealDisk), Arc::new(SystemClock));
        let metrics = Metrics::default();
        let opened = Store::open(store::Config::default(), data.path(), disk, catalog.clone(), clock.clone(), &metrics);
        let (store, writer) = opened.await.expect("a store");
        let config = outbound::Config { attempt_patience: patience, ..outbound::Config::default() };
        let outbound = Outbound::new(&config, Arc::new(RealDisk), Arc::new(OsRandom)).expect("set up");
        let parts = Parts {
            tables: None,
            catalog: catalog.clone(),
            source: Arc::new(store.clone()),
            destinations: Arc::new(Buckets::new(catalog.clone(), Arc::new(|sealed| Ok(sealed.to_vec())), outbound)),
            committed: writer.committed(),
            clock,
            random: Arc::new(OsRandom),
        };
        let config = Config {
            age_max: Duration::ZERO,
            poll: Duration::from_millis(5),
            retry_min: Duration::from_millis(50),
            retry_max: Duration::from_millis(200),
            ..Config::default()
        };
        let shutdown = Shutdown::new();
        Delivery::start(parts, config, &metrics, &shutdown);
        Scene { catalog, store, writer, shutdown, tested, working, works, _data: data, sent: 0 }
    }

    /// Stores an event; must take no longer than the disk does.
    pub(crate) async fn send(&mut self) {
        let json = format!(r#"{{"eventId":"e{}","eventTime":"2026-01-15T08:30:00Z"}}"#, self.sent);
        self.sent += 1;
        let event = Event::parse(Bytes::from(json)).expect("an event");
        let stored = tokio::time::timeout(
            Duration::from_secs(10),
            self.writer.append(vec![Entry { account: account(), event }]),
        );
        stored.await.expect("ingest does not wait for buckets").expect("stored");
    }

    /// What GetTrailStatus tells of the trail under test.
    pub(crate) async fn status(&self) -> DeliveryState {
        self.catalog.delivery_state(DeliveryId::bucket(self.tested)).await.expect("a state")
    }

    /// The trail under test fails with these words, while everything else goes on.
    pub(crate) async fn fails_with(&mut self, words: &str) {
        self.send().await;
        eventually(&format!("the status never says {words}"), async || {
            self.status().await.latest_error.is_some_and(|error| error.contains(words))
        })
        .await;
        self.send().await;
        self.others_go_on().await;
    }

    /// The other trail has delivered everything.
    pub(crate) async fn others_go_on(&self) {
        let expected = self.sent as u64;
        eventually("the other trail goes on", async || {
            let state = self.catalog.delivery_state(DeliveryId::bucket(self.working)).await.expect("a state");
            assert_eq!(state.latest_error, None);
            state.events_delivered == expected
        })
        .await;
    }

    /// The trail under test catches up and has nothing to complain about.
    pub(crate) async fn catches_up(&mut self) {
        self.send().await;
        let expected = self.sent as u64;
        eventually("the trail catches up", async || {
            let state = self.status().await;
            state.events_delivered >= expected && state.latest_error.is_none()
        })
        .await;
        assert_eq!(self.status().await.events_delivered, expected, "each counted once");
    }

    /// Each event sent is in the objects once.
    pub(crate) fn is_all_there_once(&self, objects: &BTreeMap<String, Bytes>) {
        let mut ids: Vec<String> = Vec::new();
        for (key, gzip) in objects {
            let mut json = String::new();
            GzDecoder::new(&gzip[..]).read_to_string(&mut json).unwrap_or_else(|error| panic!("{key}: {error}"));
            let events: Vec<serde_json::Value> = serde_json::from_str(&json).expect("a JSON array");
            ids.extend(events.iter().map(|event| event["eventId"].as_str().expect("an id").to_owned()));
        }
        ids.sort_by_key(|id| id[1..].parse::<usize>().expect("a number"));
        let expected: Vec<String> = (0..self.sent).map(|n| format!("e{n}")).collect();
        assert_eq!(ids, expected);
    }

    pub(crate) async fn end(self) {
        self.is_all_there_once(&objects_below(self.works.path()));
        self.shutdown.finish(Duration::from_secs(10)).await;
        self.writer.stop();
        self.store.shut_down().await;
    }
}

/// Every delivered object below a folder, by path.
pub(crate) fn objects_below(folder: &Path) -> BTreeMap<String, Bytes> {
    let mut objects = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "gz") {
                let bytes = RealDisk.map(&path).expect("read");
                objects.insert(path.display().to_string(), Bytes::copy_from_slice((*bytes).as_ref()));
            }
        }
    }
    objects
}
