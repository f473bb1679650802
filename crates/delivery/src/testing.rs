//! A small world for the tests: events in memory, a real catalog, a clock moved by hand, buckets that fail on demand.

mod rows;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use catalog::{Catalog, CatalogError, DeliveryId, DeliveryState, NewTrail};
use flate2::read::GzDecoder;
use host::metrics::Metrics;
use host::{Clock, ManualClock, OsRandom};
use model::trail::{
    BucketTarget, DestinationKind, Destinations as TrailDestinations, EventRw, Selector, Trail, TrailRegions,
};
use model::{AccountId, Event, Seq, Timestamp};
use outbound::BucketError;
use parking_lot::Mutex;
use store::{Found, Owned, StoreError, StretchOfMany};
use tokio::sync::{Semaphore, watch};

use crate::metrics::DeliveryMetrics;
use crate::worker::{Next, Worker};
use crate::{Config, DeliveryError, Destination, Destinations, LogProject, Parts, Shared, Source};

pub(crate) use rows::Rows;

/// What happens to a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Refused, nothing written.
    Before,
    /// Written, but reported as failed: also what a crash between put and cursor looks like.
    After,
    /// Never returns.
    Hang,
    /// The code breaks.
    Panic,
}

/// Events by number, of any account.
#[derive(Default)]
pub(crate) struct Events {
    events: Mutex<BTreeMap<u64, (AccountId, Found)>>,
    pub(crate) damaged: AtomicBool,
    /// Whether showing recent events works; otherwise it is refused each time.
    pub(crate) shows: AtomicBool,
}

impl Source for Events {
    fn read_after(
        &self,
        accounts: &[AccountId],
        after: Seq,
        through: Seq,
        max: usize,
    ) -> Result<StretchOfMany, StoreError> {
        if self.damaged.load(Ordering::SeqCst) {
            return Err(StoreError::Damaged { path: PathBuf::from("7.parquet"), what: "a test".into() });
        }
        let mut stretch = StretchOfMany { events: Vec::new(), through };
        let mut bytes = 0;
        for (seq, (owner, found)) in self.events.lock().range(after.0 + 1..=through.0) {
            if accounts.contains(owner) {
                bytes += found.event.raw().len();
                stretch.events.push(Owned { account: *owner, found: found.clone() });
                if bytes >= max {
                    stretch.through = Seq(*seq);
                    break;
                }
            }
        }
        Ok(stretch)
    }

    fn count(
        &self,
        account: AccountId,
        from: Timestamp,
        through: Timestamp,
        wanted: &dyn Fn(&Found) -> bool,
    ) -> Result<u64, StoreError> {
        let events = self.events.lock();
        let in_time = |found: &Found| found.event.time() >= from && found.event.time() <= through;
        let counted = events.values().filter(|(owner, found)| *owner == account && in_time(found) && wanted(found));
        Ok(counted.count() as u64)
    }

    fn show_recent(&self, after: Seq, through: Seq, show: &mut dyn FnMut(AccountId, Seq, &Event)) -> bool {
        let shows = self.shows.load(Ordering::SeqCst);
        if shows {
            for (seq, (owner, found)) in self.events.lock().range(after.0 + 1..=through.0) {
                show(*owner, Seq(*seq), &found.event);
            }
        }
        shows
    }
}

/// Buckets by name; each put takes the next fault planned for its bucket.
#[derive(Default)]
pub(crate) struct Buckets {
    objects: Mutex<BTreeMap<(String, String), Bytes>>,
    faults: Mutex<BTreeMap<String, VecDeque<Fault>>>,
    /// Every put that was tried: bucket and key.
    pub(crate) tried: Mutex<Vec<(String, String)>>,
    /// Whether every role is refused.
    pub(crate) revoked: AtomicBool,
}

struct OneBucket {
    name: String,
    all: Arc<Buckets>,
}

struct Opener(Arc<Buckets>, Arc<Rows>);

#[async_trait::async_trait]
impl Destinations for Opener {
    fn permit(&self, _account: AccountId, target: &BucketTarget) -> Result<(), DeliveryError> {
        match &target.write_role_arn {
            Some(role) if self.0.revoked.load(Ordering::SeqCst) => {
                Err(DeliveryError::Role { role: role.clone(), reason: "a test took it away".to_owned() })
            }
            _ => Ok(()),
        }
    }

    async fn open_project(&self, _account: AccountId, _project: &str) -> Result<Arc<dyn LogProject>, DeliveryError> {
        Ok(self.1.clone())
    }

    async fn open(&self, _account: AccountId, bucket: &str) -> Result<Arc<dyn Destination>, DeliveryError> {
        if bucket == "gone" {
            return Err(DeliveryError::NoBucket { name: bucket.to_owned() });
        }
        Ok(Arc::new(OneBucket { name: bucket.to_owned(), all: self.0.clone() }))
    }
}

#[async_trait::async_trait]
impl Destination for OneBucket {
    async fn put(&self, key: &str, object: Bytes) -> Result<(), BucketError> {
        self.all.tried.lock().push((self.name.clone(), key.to_owned()));
        let fault = self.all.faults.lock().get_mut(&self.name).and_then(VecDeque::pop_front);
        if !matches!(fault, Some(Fault::Before | Fault::Hang)) {
            self.all.objects.lock().insert((self.name.clone(), key.to_owned()), object);
        }
        let bucket = format!("s3://{}", self.name);
        match fault {
            None => Ok(()),
            Some(Fault::Before) => Err(BucketError::AccessDenied { bucket, cause: "AccessDenied: a test".into() }),
            Some(Fault::After) => Err(BucketError::Unreachable { bucket, cause: "no answer in time".into() }),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Panic) => panic!("a test breaks the worker"),
        }
    }
}

/// An object as a reader finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) json: String,
}

impl Object {
    /// The ids in it, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let events: Vec<serde_json::Value> = serde_json::from_str(&self.json).expect("a JSON array");
        events.iter().map(|event| event["eventId"].as_str().expect("an id").to_owned()).collect()
    }
}

pub(crate) struct World {
    pub(crate) catalog: Catalog,
    pub(crate) events: Arc<Events>,
    pub(crate) buckets: Arc<Buckets>,
    pub(crate) rows: Arc<Rows>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    committed: watch::Sender<Seq>,
}

pub(crate) const ACCOUNT: &str = "1000000000000001";

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().expect("an account id")
}

pub(crate) fn all() -> Selector {
    Selector::management(EventRw::All, TrailRegions::All)
}

pub(crate) fn to_bucket(name: &str) -> TrailDestinations {
    let target = BucketTarget { name: name.to_owned(), prefix: None, write_role_arn: None };
    TrailDestinations { bucket: Some(target), ..Default::default() }
}

impl World {
    pub(crate) async fn new() -> World {
        let catalog = Catalog::in_memory().await.expect("a catalog");
        catalog.account_create(account(ACCOUNT), "tests", true, Timestamp(0)).await.expect("an account");
        World {
            catalog,
            events: Arc::default(),
            buckets: Arc::default(),
            rows: Arc::default(),
            clock: Arc::new(ManualClock::at(Timestamp::parse("2026-01-15T08:30:00Z").expect("a time"))),
            config: Config {
                poll: Duration::from_millis(5),
                record_every: Duration::ZERO,
                retry_min: Duration::from_millis(5),
                retry_max: Duration::from_millis(20),
                ..Config::default()
            },
            metrics: Metrics::default(),
            committed: watch::channel(Seq::ZERO).0,
        }
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts {
            catalog: self.catalog.clone(),
            source: self.events.clone(),
            destinations: Arc::new(Opener(self.buckets.clone(), self.rows.clone())),
            tables: Some(self.rows.clone()),
            committed: self.committed.subscribe(),
            clock: self.clock.clone(),
            random: Arc::new(OsRandom),
        }
    }

    pub(crate) fn worker(&self, trail: &Trail) -> Worker {
        self.worker_to(trail, DestinationKind::Bucket)
    }

    pub(crate) fn worker_to(&self, trail: &Trail, kind: DestinationKind) -> Worker {
        let shared = Shared {
            parts: self.parts(),
            config: self.config.clone(),
            metrics: DeliveryMetrics::register(&self.metrics, self.committed.subscribe(), self.clock.clone(), 1),
            slots: Arc::new(Semaphore::new(1)),
            job_slots: Arc::new(Semaphore::new(1)),
        };
        shared.metrics.trail_started(DeliveryId { trail: trail.id, kind });
        Worker::new(Arc::new(shared), trail.clone(), kind, Arc::default())
    }

    pub(crate) fn head(&self) -> Seq {
        *self.committed.borrow()
    }

    /// Stores an event of `owner`, as the journal would. Its id is `e<number>`.
    pub(crate) fn push_for(&self, owner: AccountId, rest: &str) -> Seq {
        let seq = self.head().next();
        let comma = if rest.is_empty() { "" } else { "," };
        let json = format!(r#"{{"eventId":"e{seq}","eventTime":"2026-01-15T08:00:00Z"{comma}{rest}}}"#);
        let event = Event::parse(Bytes::from(json)).expect("an event");
        let found = Found { seq, received: self.clock.now(), event };
        self.events.events.lock().insert(seq.0, (owner, found));
        self.committed.send_replace(seq);
        seq
    }

    /// Gives a stored event to another account.
    pub(crate) fn put_in_place(&self, owner: AccountId, seq: Seq) {
        self.events.events.lock().get_mut(&seq.0).expect("an event").0 = owner;
    }

    pub(crate) fn push(&self, rest: &str) -> Seq {
        self.push_for(account(ACCOUNT), rest)
    }

    /// Makes the bucket and the project known to the catalog.
    pub(crate) async fn register(&self, destinations: &TrailDestinations) {
        if let Some(target) = &destinations.logs {
            let project = catalog::Project {
                account: target.owner,
                name: target.project.clone(),
                region: target.region.clone(),
                description: String::new(),
                kind: if target.is_remote { catalog::ProjectKind::Remote } else { catalog::ProjectKind::Embedded },
                sealed_settings: Vec::new(),
                created: self.clock.now(),
                updated: self.clock.now(),
            };
            match self.catalog.project_create(&project).await {
                Ok(()) | Err(CatalogError::AlreadyExists { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        if let Some(target) = &destinations.bucket {
            let bucket = catalog::Bucket {
                account: account(ACCOUNT),
                name: target.name.clone(),
                url: format!("s3://{}", target.name),
                sealed_settings: Vec::new(),
                created: self.clock.now(),
            };
            match self.catalog.bucket_put(&bucket).await {
                Ok(()) | Err(CatalogError::AlreadyExists { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// A trail that was not started.
    pub(crate) async fn trail(&self, name: &str, selector: Selector, destinations: TrailDestinations) -> Trail {
        self.register(&destinations).await;
        let new = NewTrail {
            organization: None,
            account: account(ACCOUNT),
            name: name.parse().expect("a trail's name"),
            home_region: "cn-hangzhou".into(),
            selector,
            destinations,
            created: self.clock.now(),
        };
        self.catalog.trail_create(new, 100).await.expect("created")
    }

    /// A trail that delivers everything from now on into the bucket.
    pub(crate) async fn started(&self, name: &str, bucket: &str) -> Trail {
        let trail = self.trail(name, all(), to_bucket(bucket)).await;
        self.start(&trail).await;
        trail
    }

    pub(crate) async fn start(&self, trail: &Trail) {
        self.catalog.trail_start(trail.id, self.clock.now(), self.head()).await.expect("started");
    }

    pub(crate) async fn stop(&self, trail: &Trail) {
        self.catalog.trail_stop(trail.id, self.clock.now(), self.head()).await.expect("stopped");
    }

    pub(crate) async fn update(&self, trail: &Trail, selector: Selector, destinations: TrailDestinations) {
        self.register(&destinations).await;
        let updated = self.catalog.trail_update(trail.id, &selector, &destinations, self.clock.now(), self.head());
        updated.await.expect("updated");
    }

    pub(crate) async fn state(&self, trail: &Trail) -> DeliveryState {
        self.state_to(trail, DestinationKind::Bucket).await
    }

    pub(crate) async fn state_to(&self, trail: &Trail, kind: DestinationKind) -> DeliveryState {
        self.catalog.delivery_state(DeliveryId { trail: trail.id, kind }).await.expect("a state")
    }

    /// Everything in the open batch is old now.
    pub(crate) fn age(&self) {
        self.clock.advance(self.config.age_max);
    }

    pub(crate) fn fault(&self, bucket: &str, fault: Fault) {
        self.buckets.faults.lock().entry(bucket.to_owned()).or_default().push_back(fault);
    }

    pub(crate) fn heal(&self) {
        self.buckets.faults.lock().clear();
        self.events.damaged.store(false, Ordering::SeqCst);
    }

    /// Every object in every bucket.
    pub(crate) fn read_back(&self) -> Vec<Object> {
        let objects = self.buckets.objects.lock();
        let read = objects.iter().map(|((bucket, key), bytes)| {
            let mut json = String::new();
            GzDecoder::new(&bytes[..]).read_to_string(&mut json).expect("gzip of text");
            Object { bucket: bucket.clone(), key: key.clone(), json }
        });
        read.collect()
    }

    /// The ids in all objects of all buckets, sorted; an id in two objects is there twice.
    pub(crate) fn delivered(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.read_back().iter().flat_map(Object::ids).collect();
        ids.sort_by_key(|id| id[1..].parse::<u64>().expect("the ids of this world"));
        ids
    }
}

/// Steps until there is nothing to do or something fails.
pub(crate) async fn drain(worker: &mut Worker) -> Result<Next, DeliveryError> {
    loop {
        match worker.step().await? {
            Next::Continue => {}
            next => return Ok(next),
        }
    }
}
