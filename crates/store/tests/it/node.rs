//! A journal and a store on a temporary folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::Catalog;
use host::metrics::Metrics;
use host::{Clock, Disk, RealDisk, SystemClock};
use journal::{Entry, Outcome, Writer};
use model::{AccountId, Event, Timestamp};
use store::{Condition, Config, Lookup, OpenError, Page, Store, StoreError};

pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
}

/// Segments of any size are merged in pairs, so a few events exercise everything.
pub(crate) fn small() -> Config {
    Config { merge_segments: 2, recent_age: Duration::from_secs(3600), ..Config::default() }
}

impl Node {
    pub(crate) async fn open(data: &Path, catalog: &Catalog, config: Config) -> Node {
        Node::on(Arc::new(RealDisk), Arc::new(SystemClock), data, catalog, config).await.unwrap()
    }

    pub(crate) async fn on(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        data: &Path,
        catalog: &Catalog,
        config: Config,
    ) -> Result<Node, OpenError> {
        let (store, writer) = Store::open(config, data, disk, catalog.clone(), clock, &Metrics::default()).await?;
        Ok(Node { store, writer })
    }

    pub(crate) async fn put(&self, entries: Vec<Entry>) -> Vec<Outcome> {
        self.writer.append(entries).await.unwrap()
    }

    pub(crate) async fn settle(&self) {
        self.try_settle().await.unwrap();
    }

    pub(crate) async fn try_settle(&self) -> Result<(), StoreError> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.settle()).await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.writer.stop();
        self.store.shut_down().await;
    }

    pub(crate) fn lookup(&self, lookup: &Lookup) -> Page {
        self.store.lookup(lookup).unwrap()
    }

    /// Every event that answers, page by page, as its raw text.
    pub(crate) fn all(
        &self,
        account: &str,
        conditions: Vec<Condition>,
        newest_first: bool,
        page: usize,
    ) -> Vec<String> {
        let mut lookup = everything(account, conditions, newest_first);
        lookup.limit = page;
        let mut raw = Vec::new();
        loop {
            let page = self.lookup(&lookup);
            raw.extend(page.events.iter().map(|found| String::from_utf8(found.event.raw().to_vec()).unwrap()));
            lookup.after = page.events.last().map(store::Found::position);
            if !page.more {
                return raw;
            }
        }
    }
}

pub(crate) fn everything(account: &str, conditions: Vec<Condition>, newest_first: bool) -> Lookup {
    Lookup {
        account: id(account),
        from: Timestamp::MIN,
        through: Timestamp::MAX,
        conditions,
        newest_first,
        after: None,
        limit: 1000,
    }
}

pub(crate) fn id(account: &str) -> AccountId {
    account.parse().unwrap()
}

pub(crate) fn entry(account: &str, raw: &str) -> Entry {
    Entry { account: id(account), event: Event::parse(Bytes::copy_from_slice(raw.as_bytes())).unwrap() }
}
