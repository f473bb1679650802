//! Tables and a project of Log Service in memory, that fail on demand.
//!
//! Tables keep the contract of [`Tables`]: they remember through which number they hold a source.

use std::collections::{BTreeMap, VecDeque};

use model::{ErrorKind, Event, Seq};
use parking_lot::Mutex;

use super::Fault;
use crate::{DeliveryError, LogGroup, LogProject, Table, TableBatch, TableError, Tables};

/// See the module.
#[derive(Default)]
pub(crate) struct Rows {
    /// By table.
    tables: Mutex<BTreeMap<String, OneTable>>,
    /// By Logstore.
    logs: Mutex<BTreeMap<String, Vec<Event>>>,
    faults: Mutex<VecDeque<Fault>>,
}

#[derive(Default)]
struct OneTable {
    ids: Vec<String>,
    through: BTreeMap<String, Seq>,
}

fn id(event: &Event) -> String {
    let value: serde_json::Value = serde_json::from_slice(event.raw()).expect("JSON");
    value["eventId"].as_str().expect("an id").to_owned()
}

impl Rows {
    /// The next append or put, to a table or a project, takes this.
    pub(crate) fn fault(&self, fault: Fault) {
        self.faults.lock().push_back(fault);
    }

    pub(crate) fn heal(&self) {
        self.faults.lock().clear();
    }

    /// The ids in a table, in the order they were appended.
    pub(crate) fn in_table(&self, name: &str) -> Vec<String> {
        self.tables.lock().get(name).map(|table| table.ids.clone()).unwrap_or_default()
    }

    /// The ids in a Logstore, in the order they were sent.
    pub(crate) fn in_logstore(&self, name: &str) -> Vec<String> {
        self.logs.lock().get(name).map(|events| events.iter().map(id).collect()).unwrap_or_default()
    }

    async fn next_fault(&self) -> Option<Fault> {
        let fault = self.faults.lock().pop_front();
        match fault {
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Panic) => panic!("a test breaks the worker"),
            other => other,
        }
    }
}

#[async_trait::async_trait]
impl Tables for Rows {
    async fn append(&self, table: &Table, batch: TableBatch) -> Result<(), TableError> {
        assert!(!batch.events.is_empty() && batch.through > batch.after, "nothing is not appended");
        let failed = || TableError {
            table: table.name.clone(),
            reason: "a test".into(),
            kind: ErrorKind::Unavailable,
            source: None,
        };
        let fault = self.next_fault().await;
        if fault == Some(Fault::Before) {
            return Err(failed());
        }
        let mut tables = self.tables.lock();
        let one = tables.entry(table.name.clone()).or_default();
        let held = one.through.get(&batch.source).copied().unwrap_or(Seq::ZERO);
        let new = batch.events.iter().filter(|owned| owned.found.seq > held);
        one.ids.extend(new.map(|owned| id(&owned.found.event)));
        one.through.insert(batch.source, batch.through.max(held));
        if fault.is_some() { Err(failed()) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl LogProject for Rows {
    async fn put(&self, logstore: &str, group: LogGroup) -> Result<(), DeliveryError> {
        let failed = || outbound::LogError::Unreachable { project: "audit".into(), cause: "a test".into() };
        let fault = self.next_fault().await;
        if fault == Some(Fault::Before) {
            return Err(failed().into());
        }
        let events = group.logs.into_iter().map(|(_, json)| Event::parse(json).expect("an event"));
        self.logs.lock().entry(logstore.to_owned()).or_default().extend(events);
        if fault.is_some() { Err(failed().into()) } else { Ok(()) }
    }
}
