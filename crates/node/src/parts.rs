//! The operator's words as each part's own settings.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::Config;
use crate::server;

pub(crate) fn store(config: &Config) -> store::Config {
    store::Config {
        recent_bytes: config.store.recent_bytes,
        recent_age: Duration::from_secs(config.store.recent_age_seconds),
        segment_bytes: config.store.segment_bytes,
        merge_segments: config.store.merge_segments,
        cache_bytes: config.store.cache_bytes,
        column_cache_bytes: config.store.column_cache_bytes,
        history: config.history.days.span(),
        journal: journal::WriterConfig {
            file_bytes: config.journal.file_bytes,
            in_flight_bytes: config.ingest.in_flight_bytes,
        },
        ..store::Config::default()
    }
}

pub(crate) fn delivery(config: &Config) -> delivery::Config {
    delivery::Config {
        age_max: Duration::from_secs(config.delivery.age_seconds),
        bytes_max: config.delivery.bytes,
        retry_max: Duration::from_secs(config.delivery.retry_max_seconds),
        jobs: config.delivery.jobs,
        ..delivery::Config::default()
    }
}

pub(crate) fn outbound(config: &Config) -> outbound::Config {
    outbound::Config { allow_loopback: config.outbound.allow_loopback, ..outbound::Config::default() }
}

pub(crate) fn gateway(config: &Config) -> gateway::Config {
    gateway::Config {
        history: config.history.days.span(),
        create_accounts: config.ingest.create_accounts,
        trusted_proxies: config.network.trusted_proxies.iter().filter_map(|text| network(text)).collect(),
        lookups_per_second: config.limits.lookups_per_second,
        requests_max: config.limits.requests,
        lookups_at_once: config.limits.lookups_at_once,
        ingest_bytes_max: config.ingest.body_bytes,
        body_seconds_max: config.limits.body_seconds,
        audit_queue_max: config.limits.audit_queue,
        unfinished_jobs_max: config.limits.delivery_jobs,
        trails_per_region_max: config.limits.trails_per_region,
        detail_links: config.alerting.detail_links,
        log_service_hosts: config.log_service.hosts.clone(),
        query_limits: query_limits(config),
    }
}

pub(crate) fn query_limits(config: &Config) -> query::Limits {
    query::Limits {
        time: Duration::from_secs(config.query.seconds),
        rows: config.query.rows,
        scanned_bytes: config.query.scanned_bytes,
        memory_bytes: config.query.memory_bytes,
    }
}

pub(crate) fn server(config: &Config) -> server::Limits {
    server::Limits {
        connections: config.limits.connections,
        head_patience: Duration::from_secs(config.limits.head_seconds),
    }
}

/// A network like `10.0.0.0/8`, or one address.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().map(IpNet::from).ok())
}
