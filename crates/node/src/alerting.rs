//! Alerting in a node: the channels, the tasks of `watch`, and what the gateway asks of them.

use std::sync::Arc;
use std::time::Duration;

use gateway::{AlertingError, Answer};
use host::Shutdown;
use journal::Writer;
use model::{AccountId, ErrorKind, Timestamp};
use outbound::channel::Channels;
use serde::Serialize;
use serde_json::{Value, json};
use store::Store;
use tracing::error;
use watch::{RecordedIntegrations, Watch};

use crate::config::Config;
use crate::foundation::Foundation;
use crate::node::{Asking, StartError};

/// Starts to run rules and to send; ends with `shutdown`.
pub(crate) fn start(
    config: &Config,
    foundation: &Foundation,
    store: &Store,
    writer: &Writer,
    asking: &Asking,
    shutdown: &Shutdown,
) -> Result<Arc<dyn gateway::Alerting>, StartError> {
    let Foundation { catalog, vault, clock, random, disk, metrics, .. } = foundation;
    let integrations = Arc::new(RecordedIntegrations::new(catalog.clone(), vault.clone()));
    let channels = Channels::new(&config.alerting, &**disk, random.clone(), integrations)?;
    let parts = watch::Parts {
        catalog: catalog.clone(),
        store: store.clone(),
        engine: asking.engine.clone(),
        admission: asking.admission.clone(),
        writer: writer.clone(),
        vault: vault.clone(),
        carrier: Arc::new(channels),
        clock: clock.clone(),
        random: random.clone(),
    };
    Ok(Arc::new(NodeAlerting { watch: Watch::start(parts, settings(config), metrics, shutdown) }))
}

pub(crate) fn settings(config: &Config) -> watch::Config {
    watch::Config {
        public_url: config.alerting.public_url.clone(),
        stream: config.alerting.stream,
        detail_links: config.alerting.detail_links,
        detail_link_life: Duration::from_secs(u64::from(config.alerting.detail_link_hours) * 3600),
        ..watch::Config::default()
    }
}

/// What the gateway asks, answered by `watch`.
struct NodeAlerting {
    watch: Watch,
}

impl gateway::Alerting for NodeAlerting {
    fn dry_run<'a>(&'a self, rule: &'a catalog::NewAlertRule, from: Timestamp, to: Timestamp) -> Answer<'a> {
        Box::pin(async move {
            let report = self.watch.trials().run_written(rule, from, to).await;
            report.map_err(|error| refused(error.kind(), &error)).and_then(|report| shown(&report))
        })
    }

    fn explain<'a>(&'a self, account: AccountId, project: &'a str, rule: &'a str, at: Timestamp) -> Answer<'a> {
        Box::pin(async move {
            let explanation = self.watch.trials().explain_kept(account, project, rule, at).await;
            explanation.map_err(|error| refused(error.kind(), &error)).and_then(|explanation| shown(&explanation))
        })
    }

    fn send_test<'a>(&'a self, account: AccountId, message: &'a gateway::TestMessage) -> Answer<'a> {
        Box::pin(async move {
            let test = watch::TestMessage {
                channel: message.channel,
                target: message.target.clone(),
                template: message.template.clone(),
                locale: Some(message.locale),
            };
            let outcomes = self.watch.send_test(account, &test).await;
            let outcomes = outcomes.map_err(|error| refused(error.kind(), &error))?;
            shown(&json!({ "Outcomes": outcomes }))
        })
    }
}

/// What callers are told: what they can change in full, of our own failures only that they are.
fn refused(kind: ErrorKind, failure: &(dyn std::error::Error + 'static)) -> AlertingError {
    if matches!(kind, ErrorKind::Bug | ErrorKind::Corrupt) {
        error!(error = %failure, "alerting failed");
        return AlertingError { kind, message: "The node could not do it; its log says why.".to_owned() };
    }
    let causes = std::iter::successors(failure.source(), |cause| cause.source());
    let message = causes.fold(failure.to_string(), |message, cause| format!("{message}: {cause}"));
    AlertingError { kind, message }
}

fn shown<T: Serialize>(report: &T) -> Result<Value, AlertingError> {
    serde_json::to_value(report).map_err(|failure| refused(ErrorKind::Bug, &failure))
}
