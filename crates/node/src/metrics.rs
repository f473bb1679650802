//! What the node counts about itself: connections, its disk, its process, its certificate.
//!
//! All but the connections is read when somebody asks. On a machine without `/proc` the process's figures stay 0.

use std::path::PathBuf;
use std::sync::Arc;

use host::metrics::{Counter, Family, FloatGauge, Gauge, Metrics, Queue};
use tokio::sync::Semaphore;

use crate::tls::Tls;

/// Connections of the server.
#[derive(Clone)]
pub(crate) struct ConnectionMetrics {
    accepted: Counter,
    failed_handshakes: Counter,
    failed_accepts: Counter,
    broken: Counter,
}

impl ConnectionMetrics {
    /// `places` has a permit for each connection that may still be opened.
    pub(crate) fn register(metrics: &Metrics, places: &Arc<Semaphore>, connections_max: usize) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        let (queue, places): (Queue, _) = (metrics.queue("connections", connections_max), places.clone());
        metrics.before_reading(move || queue.used(connections_max - places.available_permits().min(connections_max)));
        ConnectionMetrics {
            accepted: counter("node_connections", "Connections accepted"),
            failed_handshakes: counter("node_failed_handshakes", "TLS handshakes that failed or took too long"),
            failed_accepts: counter("node_failed_accepts", "Connections the machine could not give us"),
            broken: counter(
                "node_broken_connections",
                "Connections that ended within a request: not HTTP, too slow, or the client went away",
            ),
        }
    }

    pub(crate) fn accepted(&self) {
        self.accepted.inc();
    }

    pub(crate) fn handshake_failed(&self) {
        self.failed_handshakes.inc();
    }

    pub(crate) fn accept_failed(&self) {
        self.failed_accepts.inc();
    }

    pub(crate) fn broke(&self) {
        self.broken.inc();
    }
}

/// Registers what is known of the machine and the process.
pub(crate) fn register(metrics: &Metrics, data: PathBuf, tls: Option<Arc<Tls>>, started_seconds: f64) {
    let info: Family<[(&'static str, &'static str); 1], Gauge> = Family::default();
    info.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
    metrics.register("node_info", "Always 1; the label says which version runs", info);
    let started: FloatGauge =
        metrics.register("node_start_timestamp_seconds", "When the node started, since 1970", FloatGauge::default());
    started.set(started_seconds);
    disk(metrics, data);
    process(metrics);
    let help = "When the certificate expires, since 1970; 0 without HTTPS";
    let expires: FloatGauge =
        metrics.register("node_certificate_expiry_timestamp_seconds", help, FloatGauge::default());
    metrics.before_reading(move || {
        let at = tls.as_ref().and_then(|tls| tls.expires());
        expires.set(at.map_or(0.0, |at| at.0 as f64 / 1000.0));
    });
}

fn disk(metrics: &Metrics, data: PathBuf) {
    let gauge = |name, help| metrics.register::<Gauge>(name, help, Gauge::default());
    let free = gauge("node_disk_free_bytes", "Bytes the data folder's disk still takes");
    let total = gauge("node_disk_size_bytes", "Bytes of the data folder's disk");
    metrics.before_reading(move || {
        // An answer of the disk that is missing is no reason to show none of the other metrics.
        if let Ok(space) = host::disk_space(&data) {
            free.set(space.free as i64);
            total.set(space.total as i64);
        }
    });
}

fn process(metrics: &Metrics) {
    let gauge = |name, help| metrics.register::<Gauge>(name, help, Gauge::default());
    let resident = gauge("node_resident_memory_bytes", "Memory of the process");
    let threads = gauge("node_threads", "Threads of the process");
    let files = gauge("node_open_files", "Files and connections the process has open");
    let files_max = gauge("node_open_files_limit", "How many it may have open");
    metrics.before_reading(move || {
        let process = host::process::read();
        resident.set(process.resident_bytes as i64);
        threads.set(process.threads as i64);
        files.set(process.open_files as i64);
        files_max.set(process.open_files_max as i64);
    });
}
