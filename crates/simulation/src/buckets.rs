//! Simulated buckets: puts that fail before or after their effect, hang, or find the bucket gone.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use catalog::{Catalog, DeliveryId};
use delivery::{DeliveryError, Destination, Destinations};
use flate2::read::GzDecoder;
use host::simulated::Chance;
use model::AccountId;
use outbound::BucketError;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::broken::Broken;

/// How often, in a thousand times, a put goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Troubles {
    /// Nothing written, failure reported.
    pub(crate) before: u32,
    /// Written, failure reported.
    pub(crate) after: u32,
    /// Never answers; written or not.
    pub(crate) hang: u32,
    /// The bucket is not there.
    pub(crate) gone: u32,
}

/// Every bucket of every account. Cheap to clone; clones are the same buckets.
#[derive(Clone)]
pub(crate) struct Buckets(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    hung: Notify,
    broken: Option<Broken>,
    catalog: Mutex<Option<Catalog>>,
}

struct State {
    /// By account, bucket and key.
    objects: BTreeMap<(AccountId, String, String), Bytes>,
    troubles: Troubles,
    chance: Chance,
    puts: u64,
    /// A promise that was broken while nobody could be told.
    violation: Option<String>,
}

struct OneBucket {
    account: AccountId,
    name: String,
    all: Buckets,
}

impl Buckets {
    pub(crate) fn new(chance: Chance, broken: Option<Broken>) -> Buckets {
        let state = State { objects: BTreeMap::new(), troubles: Troubles::default(), chance, puts: 0, violation: None };
        Buckets(Arc::new(Inner { state: Mutex::new(state), hung: Notify::new(), broken, catalog: Mutex::new(None) }))
    }

    pub(crate) fn set_troubles(&self, troubles: Troubles) {
        self.0.state.lock().troubles = troubles;
    }

    /// The catalog of now; only a broken bucket touches it.
    pub(crate) fn set_catalog(&self, catalog: &Catalog) {
        *self.0.catalog.lock() = Some(catalog.clone());
    }

    /// Resolves when a put hangs.
    pub(crate) async fn hung(&self) {
        self.0.hung.notified().await;
    }

    pub(crate) fn violation(&self) -> Result<(), String> {
        self.0.state.lock().violation.clone().map_or(Ok(()), Err)
    }

    /// Every event in the account's objects below this prefix, as JSON text, and the object's key.
    pub(crate) fn delivered(&self, account: AccountId, prefix: &str) -> Result<Vec<(String, String)>, String> {
        let state = self.0.state.lock();
        let mut events = Vec::new();
        for ((owner, _, key), gzip) in &state.objects {
            if *owner != account || !key.starts_with(&format!("{prefix}/")) {
                continue;
            }
            let mut json = String::new();
            GzDecoder::new(&gzip[..]).read_to_string(&mut json).map_err(|error| format!("object {key}: {error}"))?;
            let raw: Vec<Box<serde_json::value::RawValue>> =
                serde_json::from_str(&json).map_err(|error| format!("object {key}: {error}"))?;
            events.extend(raw.iter().map(|event| (event.get().to_owned(), key.clone())));
        }
        Ok(events)
    }

    /// Moves the trail's cursor to the end of its plan, before anything was written.
    async fn move_cursor_first(&self, account: AccountId, key: &str) {
        let Some(catalog) = self.0.catalog.lock().clone() else { return };
        let trails = catalog.trail_list(account).await.unwrap_or_default();
        let is_of_key = |prefix: &str| key.starts_with(&format!("{prefix}/"));
        let of_key = trails.iter().find(|trail| {
            let target = trail.destinations.bucket.as_ref();
            target.and_then(|target| target.prefix.as_deref()).is_some_and(is_of_key)
        });
        let Some(trail) = of_key else { return };
        if let Ok(state) = catalog.delivery_state(DeliveryId::bucket(trail.id)).await
            && let Some(plan) = state.plan
        {
            // A trail that was deleted meanwhile has no cursor to move.
            let _ = catalog.delivery_advance(DeliveryId::bucket(trail.id), plan.through, None, 0, 0).await;
        }
    }
}

#[async_trait::async_trait]
impl Destinations for Buckets {
    async fn open(&self, account: AccountId, bucket: &str) -> Result<Arc<dyn Destination>, DeliveryError> {
        let mut state = self.0.state.lock();
        let gone = state.troubles.gone;
        if state.chance.per_mille(gone) {
            return Err(DeliveryError::NoBucket { name: bucket.to_owned() });
        }
        Ok(Arc::new(OneBucket { account, name: bucket.to_owned(), all: self.clone() }))
    }
}

impl State {
    fn write(&mut self, key: (AccountId, String, String), object: Bytes) {
        if let Some(there) = self.objects.get(&key)
            && *there != object
        {
            self.violation = Some(format!("object {} was written twice with different bytes", key.2));
        }
        self.objects.insert(key, object);
    }
}

#[async_trait::async_trait]
impl Destination for OneBucket {
    async fn put(&self, key: &str, object: Bytes) -> Result<(), BucketError> {
        let inner = &self.all.0;
        if inner.broken == Some(Broken::BucketWritesNothing) {
            return Ok(());
        }
        if inner.broken == Some(Broken::CursorBeforeObject) {
            self.all.move_cursor_first(self.account, key).await;
        }
        let bucket = format!("s3://{}", self.name);
        let hangs = {
            let mut state = inner.state.lock();
            let troubles = state.troubles;
            state.puts += 1;
            let attempt = state.puts;
            let key = if inner.broken == Some(Broken::NameOfItsOwn) { format!("{key}.{attempt}") } else { key.into() };
            let place = (self.account, self.name.clone(), key);
            if state.chance.per_mille(troubles.gone) {
                return Err(BucketError::BucketDoesNotExist { bucket });
            }
            if state.chance.per_mille(troubles.before) {
                return Err(BucketError::AccessDenied { bucket, cause: "simulated".into() });
            }
            let hangs = state.chance.per_mille(troubles.hang);
            if !hangs || state.chance.per_mille(500) {
                state.write(place, object);
            }
            if !hangs && state.chance.per_mille(troubles.after) {
                return Err(BucketError::Unreachable { bucket, cause: "no answer in time".into() });
            }
            hangs
        };
        if hangs {
            inner.hung.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}
