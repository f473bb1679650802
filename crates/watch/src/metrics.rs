//! What alerting counts. Labels are channels and outcomes, both closed sets; rules and accounts never are.

use std::time::Duration;

use catalog::IncidentStatus;
use host::metrics::{Counter, Family, Gauge, Histogram, Lag, Metrics, Queue, latency_histogram};

use crate::config::Config;

/// What can be given up: the channels that lead out of the node, and asking who is to be told.
const CHANNELS: [&str; 11] = [
    "sms",
    "voice",
    "email",
    "dingtalk",
    "wechat",
    "lark",
    "slack",
    "webhook",
    "event_bridge",
    "fc",
    crate::outbox::ASK,
];

#[derive(Clone)]
pub(crate) struct WatchMetrics {
    rules: Gauge,
    unreadable_rules: Gauge,
    stream_rules: Gauge,
    stream_lag: Lag,
    evaluations: Family<[(&'static str, &'static str); 1], Counter>,
    evaluation_seconds: Histogram,
    notifications: Family<[(&'static str, String); 2], Counter>,
    incidents: Family<[(&'static str, &'static str); 1], Gauge>,
    pub(crate) lag: Lag,
    pub(crate) running: Queue,
    pub(crate) outbox: Queue,
    pub(crate) outcomes: Queue,
}

impl WatchMetrics {
    pub(crate) fn register(metrics: &Metrics, config: &Config, outcomes_max: usize) -> WatchMetrics {
        let gauge = |name, help| metrics.register(name, help, Gauge::default());
        let this = WatchMetrics {
            rules: gauge("alert_rules", "Alert rules that are switched on"),
            unreadable_rules: gauge("alert_unreadable_rules", "Alert rules that are switched on and cannot be run"),
            stream_rules: gauge("alert_stream_rules", "Alert rules that are looked at with each new event"),
            stream_lag: metrics.lag("alert_stream"),
            evaluations: metrics.register(
                "alert_evaluations",
                "Runs of alert rules, by how they ended",
                Family::default(),
            ),
            evaluation_seconds: metrics.register(
                "alert_evaluation_seconds",
                "One run of an alert rule",
                latency_histogram(),
            ),
            notifications: metrics.register(
                "alert_notifications",
                "Attempts to send notifications, and notifications that were suppressed, by channel and outcome",
                Family::default(),
            ),
            incidents: metrics.register("alert_incidents", "Open incidents, by state", Family::default()),
            lag: metrics.lag("alerts"),
            running: metrics.queue("alert_evaluations", config.evaluations),
            outbox: metrics.queue("outbox_messages", config.outbox),
            outcomes: metrics.queue("alert_outcomes", outcomes_max),
        };
        // Counters that begin at 0 show their first increase.
        for outcome in ["succeeded", "failed", "outdated"] {
            this.evaluations.get_or_create(&[("outcome", outcome)]).inc_by(0);
        }
        for channel in CHANNELS {
            this.notifications
                .get_or_create(&[("channel", channel.to_owned()), ("outcome", "failed".to_owned())])
                .inc_by(0);
        }
        this.incidents(&[]);
        this
    }

    pub(crate) fn rules(&self, all: usize, unreadable: usize) {
        self.rules.set(all as i64);
        self.unreadable_rules.set(unreadable as i64);
    }

    pub(crate) fn evaluated(&self, outcome: &'static str, took: Duration) {
        self.evaluations.get_or_create(&[("outcome", outcome)]).inc();
        self.evaluation_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn left_out(&self, outcome: &'static str, runs: usize) {
        self.evaluations.get_or_create(&[("outcome", outcome)]).inc_by(runs as u64);
    }

    /// How many rules are looked at with each new event.
    pub(crate) fn stream_rules(&self, rules: usize) {
        self.stream_rules.set(rules as i64);
    }

    /// How far the stream is behind the last event, and for how long it has been behind.
    pub(crate) fn streamed(&self, lag_events: u64, lag: Duration) {
        self.stream_lag.is(lag_events, lag.as_secs_f64());
    }

    /// An attempt ended, or a notification was suppressed.
    pub(crate) fn notified(&self, channel: &str, outcome: &str) {
        let channel = if channel.is_empty() { "none" } else { channel };
        self.notifications.get_or_create(&[("channel", channel.to_owned()), ("outcome", outcome.to_owned())]).inc();
    }

    pub(crate) fn incidents(&self, totals: &[(IncidentStatus, u64)]) {
        for status in IncidentStatus::ALL.into_iter().filter(|status| *status != IncidentStatus::Resolved) {
            let open = totals.iter().find(|(each, _)| *each == status).map_or(0, |(_, open)| *open);
            self.incidents.get_or_create(&[("status", status.as_str())]).set(open as i64);
        }
    }
}
