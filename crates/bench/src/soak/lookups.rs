//! Lookups that go on all the time: by id, which must find; by user and by name, the newest page.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use client::{Client, EventsQuery};
use model::AccountId;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::node::SoakNode;
use super::putting::{Probe, Probes};
use super::series::Figures;

/// Between two lookups of one asker.
const PAUSE: Duration = Duration::from_millis(50);
const ASKERS: usize = 2;

/// Lookups of an event that must be found.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) asked: u64,
    pub(super) missed: u64,
}

/// The running askers.
pub(super) struct Lookups {
    figures: Arc<Figures>,
    askers: Vec<JoinHandle<Result<Answers>>>,
}

impl Lookups {
    pub(super) async fn start(
        node: Arc<SoakNode>,
        accounts: Vec<AccountId>,
        probes: Arc<Probes>,
        stopping: watch::Receiver<bool>,
    ) -> Result<Lookups> {
        let mut clients = HashMap::new();
        for account in accounts {
            clients.insert(account, node.client_of(account).await?);
        }
        let (clients, figures) = (Arc::new(clients), Arc::new(Figures::default()));
        let asker = |number: usize| {
            let (clients, probes, figures, stopping) =
                (clients.clone(), probes.clone(), figures.clone(), stopping.clone());
            tokio::spawn(ask(number, clients, probes, figures, stopping))
        };
        Ok(Lookups { askers: (0..ASKERS).map(asker).collect(), figures })
    }

    pub(super) fn figures(&self) -> Arc<Figures> {
        self.figures.clone()
    }

    /// How many acknowledged events were asked for, and how many of them were not found.
    pub(super) async fn finish(self) -> Result<Answers> {
        let mut all = Answers::default();
        for asker in self.askers {
            let answers = asker.await.context("an asker's task panicked")??;
            all.asked += answers.asked;
            all.missed += answers.missed;
        }
        Ok(all)
    }
}

async fn ask(
    number: usize,
    clients: Arc<HashMap<AccountId, Client>>,
    probes: Arc<Probes>,
    figures: Arc<Figures>,
    stopping: watch::Receiver<bool>,
) -> Result<Answers> {
    let mut answers = Answers::default();
    // A stride without a common factor walks over all of them.
    for turn in (number..).step_by(7919) {
        if *stopping.borrow() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let Some(probe) = probes.choose(turn) else { continue };
        let Some(client) = clients.get(&probe.account) else { continue };
        let (query, must_find) = question(turn, &probe);
        let asked = Instant::now();
        let page = client.events(&query).await?;
        figures.add(asked.elapsed(), 1);
        answers.asked += u64::from(must_find);
        answers.missed += u64::from(must_find && page.events.is_empty());
    }
    Ok(answers)
}

/// What to ask, and whether it must find something.
fn question(turn: usize, probe: &Probe) -> (EventsQuery, bool) {
    let newest = EventsQuery::default().with("limit", 50);
    match (turn % 3, &probe.user, &probe.name) {
        (1, Some(user), _) => (newest.with("User", user), false),
        (2, _, Some(name)) => (newest.with("EventName", name), false),
        _ => (EventsQuery::default().with("EventId", &probe.id).with("limit", 1), true),
    }
}
