//! Who answers: the node over HTTP, or its store in this process without the network and the signature.
//!
//! Each question is asked once for every subject, then all again. The first round opens pages that were not read
//! since the segments were opened; the second has what the node keeps in memory.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use catalog::Catalog;
use client::{Client, EventsQuery};
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use journal::Writer;
use store::{Condition, Lookup, Store};

use crate::questions::{Kind, Questions};
use crate::report::Answered;
use crate::server::{Key, Server};

/// Something that answers lookups.
pub(crate) trait Answers {
    /// How many events the first page has.
    fn answer(&self, lookup: &Lookup) -> impl Future<Output = Result<usize>>;
}

/// Asks everything.
pub(crate) async fn measure(questions: &Questions, answers: &impl Answers) -> Result<Vec<Answered>> {
    let mut answered = Vec::new();
    for Kind { name, lookups } in &questions.kinds {
        let (first, found) = round(lookups, answers).await?;
        let (again, _) = round(lookups, answers).await?;
        ensure!(found > 0, "{name}: nothing was found, which measures nothing");
        answered.push(Answered::new(name, found, first, again));
    }
    Ok(answered)
}

async fn round(lookups: &[Lookup], answers: &impl Answers) -> Result<(Vec<Duration>, usize)> {
    let (mut times, mut found) = (Vec::with_capacity(lookups.len()), 0);
    for lookup in lookups {
        let asked = Instant::now();
        found += answers.answer(lookup).await?;
        times.push(asked.elapsed());
    }
    Ok((times, found))
}

/// The node, asked as any client asks it.
pub(crate) struct Http {
    client: Client,
}

impl Http {
    pub(crate) fn new(server: &Server, key: Key) -> Result<Http> {
        Ok(Http { client: server.client_with(&key)? })
    }
}

impl Answers for Http {
    async fn answer(&self, lookup: &Lookup) -> Result<usize> {
        let mut query =
            EventsQuery::default().with("start", lookup.from).with("end", lookup.through).with("limit", lookup.limit);
        for condition in &lookup.conditions {
            query = match condition {
                Condition::Is(attribute, value) => query.with(attribute.as_str(), value),
                Condition::Text(text) => query.with("text", text),
            };
        }
        Ok(self.client.events(&query).await?.events.len())
    }
}

/// The store of a data folder that no node has open.
pub(crate) struct InProcess {
    store: Store,
    // The store's other half: while it lives, the journal is open.
    _writer: Writer,
}

impl InProcess {
    pub(crate) async fn open(folder: &Path) -> Result<InProcess> {
        let data = folder.join("data");
        let catalog = Catalog::open(&data.join("catalog.sqlite")).await?;
        let (disk, clock, metrics) = (Arc::new(RealDisk), Arc::new(SystemClock), Metrics::default());
        let opened = Store::open(store::Config::default(), &data, disk, catalog, clock, &metrics).await;
        let (store, writer) = opened.context("could not open the store in this process")?;
        Ok(InProcess { store, _writer: writer })
    }
}

impl Answers for InProcess {
    async fn answer(&self, lookup: &Lookup) -> Result<usize> {
        // On this thread: nothing else runs here that could be held up.
        Ok(self.store.lookup(lookup)?.events.len())
    }
}
