//! Putting events at a pace: each batch has a moment at which it is due, and what is late is sent at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use client::{Client, Encoding, MediaType};
use host::{Clock, SystemClock};
use model::{AccountId, Attribute, Event, Timestamp};
use sample::{Config, Generator};
use tokio::sync::{Mutex, mpsc};

use super::options::Options;
use super::series::Figures;

/// Events that lookups choose from.
const PROBES_MAX: usize = 2000;
/// What the made-up clock of the events assumes when there is no pace yet.
const USUAL_RATE: f64 = 50_000.0;

/// An acknowledged event to ask for.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) account: AccountId,
    pub(super) id: String,
    pub(super) time: Timestamp,
    pub(super) user: Option<String>,
    pub(super) name: Option<String>,
}

/// The newest probes. Older ones may have left the history, and nothing follows from not finding those. Their age is that
/// of their events: when the node does not keep the pace, events arrive long after they are said to have happened.
pub(super) struct Probes {
    newest: std::sync::Mutex<VecDeque<Probe>>,
    age_max: Duration,
}

impl Probes {
    pub(super) fn new(age_max: Duration) -> Probes {
        Probes { newest: std::sync::Mutex::default(), age_max }
    }

    fn push(&self, probe: Probe) {
        let mut probes = self.newest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if probes.len() == PROBES_MAX {
            probes.pop_front();
        }
        probes.push_back(probe);
    }

    /// One of them; `turn` chooses.
    pub(super) fn choose(&self, turn: usize) -> Option<Probe> {
        let mut probes = self.newest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = SystemClock.now();
        while probes.front().is_some_and(|probe| now.since(probe.time) > self.age_max) {
            probes.pop_front();
        }
        probes.get(turn.checked_rem(probes.len())?).cloned()
    }
}

/// Puts events.
pub(super) struct Putting {
    client: Client,
    connections: usize,
    batch: u64,
    rate: Option<f64>,
    generator: Arc<std::sync::Mutex<Generator>>,
    accounts: Vec<AccountId>,
    probes: Arc<Probes>,
    figures: Arc<Figures>,
}

struct Batch {
    body: Bytes,
    probe: Option<Probe>,
    due: Option<Duration>,
}

impl Putting {
    pub(super) fn new(options: &Options, client: Client, probes: Arc<Probes>, seed: u64, rate: Option<f64>) -> Putting {
        // Events happen about when they are put, or the history would be over before they arrive.
        let start = SystemClock.now();
        let events = (rate.unwrap_or(USUAL_RATE) * options.duration.as_secs_f64()).max(1.0) as u64;
        let config = Config { start, end: start.plus(options.duration), events, ..Config::default() };
        Putting {
            client,
            connections: options.connections,
            batch: options.batch,
            rate,
            generator: Arc::new(std::sync::Mutex::new(Generator::new(seed, &config))),
            accounts: config.accounts,
            probes,
            figures: Arc::default(),
        }
    }

    pub(super) fn accounts(&self) -> Vec<AccountId> {
        self.accounts.clone()
    }

    pub(super) fn figures(&self) -> Arc<Figures> {
        self.figures.clone()
    }

    /// Puts for this long. Says how many events were acknowledged.
    pub(super) async fn run(&mut self, duration: Duration) -> Result<f64> {
        // Ahead by a few batches, so that making events does not hold a connection up.
        let (send, receive) = mpsc::channel(2 * self.connections);
        let (batch, rate, generator) = (self.batch, self.rate, self.generator.clone());
        let making = std::thread::spawn(move || make(&generator, batch, rate, &send));
        let receive = Arc::new(Mutex::new(receive));
        let started = Instant::now();
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            let connection = Connection {
                client: self.client.clone(),
                batch,
                probes: self.probes.clone(),
                figures: self.figures.clone(),
                receive: receive.clone(),
            };
            connections.push(tokio::spawn(connection.run(started, duration)));
        }
        let mut events = 0;
        for connection in connections {
            events += connection.await.context("a connection's task panicked")??;
        }
        drop(receive);
        // Ends as soon as nobody receives.
        let _ = making.join();
        Ok(events as f64)
    }
}

struct Connection {
    client: Client,
    batch: u64,
    probes: Arc<Probes>,
    figures: Arc<Figures>,
    receive: Arc<Mutex<mpsc::Receiver<Batch>>>,
}

impl Connection {
    async fn run(self, started: Instant, duration: Duration) -> Result<u64> {
        let mut events = 0;
        while started.elapsed() < duration {
            let Some(Batch { body, probe, due }) = self.receive.lock().await.recv().await else { break };
            if let Some(due) = due {
                tokio::time::sleep_until((started + due.min(duration)).into()).await;
            }
            let sent = Instant::now();
            let put = self.client.put_events(Some("from-event"), body, MediaType::NdJson, Encoding::Identity);
            let reply = put.await?;
            self.figures.add(sent.elapsed(), self.batch);
            let refused = reply.refused.first().map(|refused| refused.message.as_str());
            ensure!(
                reply.accepted == self.batch,
                "{} of {} events were taken: {refused:?}",
                reply.accepted,
                self.batch
            );
            events += reply.accepted;
            probe.into_iter().for_each(|probe| self.probes.push(probe));
        }
        Ok(events)
    }
}

fn make(generator: &std::sync::Mutex<Generator>, events: u64, rate: Option<f64>, send: &mpsc::Sender<Batch>) {
    let mut generator = generator.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for number in 0_u64.. {
        let mut body = String::with_capacity(events as usize * 1400);
        let account = generator.write_event(&mut body);
        let probe = probe(account, &body);
        for _ in 1..events {
            body.push('\n');
            generator.write_event(&mut body);
        }
        let due = rate.map(|rate| Duration::from_secs_f64((number * events) as f64 / rate));
        if send.blocking_send(Batch { body: body.into(), probe, due }).is_err() {
            return;
        }
    }
}

fn probe(account: AccountId, json: &str) -> Option<Probe> {
    let event = Event::parse(Bytes::copy_from_slice(json.as_bytes())).ok()?;
    let first = |attribute| event.first(attribute).map(str::to_owned);
    let (id, time) = (event.id().to_owned(), event.time());
    Some(Probe { account, id, time, user: first(Attribute::User), name: first(Attribute::EventName) })
}
