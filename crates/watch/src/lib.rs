//! Alerting at work: runs rules on their schedules and on the stream of new events, keeps incidents and merge sets, and
//! sends what the outbox holds. What alerting means is decided in `alert`.
//!
//! Tasks, each ending with the node: the rules are read when they change ([`rules`]); the schedule runs them
//! ([`evaluation`]), the stream looks at each new event; the [`desk`] writes what runs lead to, in one transaction, with what [`decide`] made of it; the sender
//! empties the outbox, the historian puts evaluations into the journal; upkeep forgets what is over.

mod agenda;
mod config;
pub mod decide;
pub mod desk;
pub mod evaluation;
#[cfg(test)]
#[path = "../tests/it/ground.rs"]
mod ground;
mod history;
mod integrations;
mod metrics;
mod outbox;
mod question;
mod rows;
pub mod rules;
#[cfg(test)]
mod scene;
mod schedule;
mod stream;
mod test_message;
pub mod trial;
mod upkeep;

use std::sync::Arc;

use catalog::Catalog;
use host::metrics::Metrics;
use host::{Clock, Random, Shutdown};
use identity::Vault;
use journal::Writer;
use query::{Admission, Engine};
use store::Store;
use tokio::sync::{Notify, watch};

pub use config::Config;
pub use desk::{Desk, Verdict};
pub use integrations::RecordedIntegrations;
pub use outbox::Carrier;
pub use question::{AskError, Asked, Asker, Told};
pub use test_message::{TestError, TestMessage};
pub use trial::{Explanation, Report, TrialError, Trials};

use metrics::WatchMetrics;
use rules::RuleList;

/// The name of the cursor that the stream's outcomes move.
pub const STREAM_CURSOR: &str = "stream";

/// What alerting works with.
#[derive(Clone)]
pub struct Parts {
    /// Rules, records, and everything alerting remembers.
    pub catalog: Catalog,
    /// What rules ask.
    pub store: Store,
    /// Who answers SQL; absent in a build without it.
    pub engine: Option<Arc<dyn Engine>>,
    /// Places for queries, shared with everybody who asks.
    pub admission: Admission,
    /// Where the history of evaluations goes.
    pub writer: Writer,
    /// Opens webhook integrations, seals links.
    pub vault: Vault,
    /// The way out: `outbound::channel::Channels`.
    pub carrier: Arc<dyn Carrier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of notifications.
    pub random: Arc<dyn Random>,
}

/// Alerting, started.
#[derive(Clone)]
pub struct Watch {
    parts: Parts,
    config: Arc<Config>,
    desk: Desk,
    asker: Asker,
    rules: watch::Receiver<RuleList>,
}

impl Watch {
    /// Starts every task. They end with `shutdown`.
    pub fn start(parts: Parts, config: Config, metrics: &Metrics, shutdown: &Shutdown) -> Watch {
        let metrics = WatchMetrics::register(metrics, &config, desk::REQUESTS_MAX);
        let config = Arc::new(config);
        let (desk, requests) = Desk::new();
        let (list, rules) = watch::channel(RuleList::default());
        let (outbox_bell, history_bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let Parts { catalog, store, engine, admission, writer, vault, carrier, clock, random } = parts.clone();
        let asker = Asker::new(catalog.clone(), store.clone(), engine, admission, config.query_limits);
        let tools = desk::Tools {
            catalog: catalog.clone(),
            vault,
            clock: clock.clone(),
            random,
            config: config.clone(),
            metrics: metrics.clone(),
            rules: rules.clone(),
            outbox_bell: outbox_bell.clone(),
            history_bell: history_bell.clone(),
        };
        let scheduler = schedule::Scheduler {
            catalog: catalog.clone(),
            asker: asker.clone(),
            desk: desk.clone(),
            clock: clock.clone(),
            config: config.clone(),
            metrics: metrics.clone(),
            rules: rules.clone(),
        };
        let sender = outbox::Sender {
            catalog: catalog.clone(),
            carrier,
            clock: clock.clone(),
            desk: desk.clone(),
            bell: outbox_bell,
            config: config.clone(),
            metrics: metrics.clone(),
        };
        let stream = stream::StreamReader {
            catalog: catalog.clone(),
            store,
            asker: asker.clone(),
            desk: desk.clone(),
            committed: writer.committed(),
            rules: rules.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let historian = history::Historian {
            catalog: catalog.clone(),
            writer,
            clock: clock.clone(),
            bell: history_bell,
            look_again: config.look_again,
        };
        let upkeep =
            upkeep::Upkeep { catalog: catalog.clone(), clock, config: config.clone(), metrics: metrics.clone() };
        shutdown.spawn("alert rules", rules::follow(catalog, list, metrics, shutdown.clone()));
        shutdown.spawn("alert desk", desk::keep_open(tools, requests, shutdown.clone()));
        shutdown.spawn("alert schedule", scheduler.run(shutdown.clone()));
        if config.stream {
            shutdown.spawn("alert stream", stream.run(shutdown.clone()));
        } else {
            shutdown.spawn("alert stream", stream.stay_away(shutdown.clone()));
        }
        shutdown.spawn("alert outbox", sender.run(shutdown.clone()));
        shutdown.spawn("alert history", historian.run(shutdown.clone()));
        shutdown.spawn("alert upkeep", upkeep.run(shutdown.clone()));
        Watch { parts, config, desk, asker, rules }
    }

    /// The way to the desk, for the stream.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Asks what rules ask, for the stream and for trials.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Runs rules over the past, and explains runs.
    pub fn trials(&self) -> Trials {
        let Parts { catalog, store, clock, .. } = self.parts.clone();
        Trials::new(catalog, store, self.asker.clone(), clock, self.config.public_url.clone())
    }

    /// The rules that are switched on, as they change.
    pub fn rules(&self) -> watch::Receiver<RuleList> {
        self.rules.clone()
    }

    /// What it works with.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// How it works.
    pub fn config(&self) -> &Config {
        &self.config
    }
}
