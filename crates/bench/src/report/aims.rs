//! What Cairn aims at, and whether it is there: in figures of its own and in shares of ClickHouse's.

use serde::Serialize;

use super::{Answered, Report};
use crate::queries::{Kind, Queries, Tried};

/// CPU time of the write path: this share of ClickHouse's, and this many microseconds.
const CPU_SHARE: f64 = 0.4;
const CPU_MICROS: f64 = 12.0;
const DISK_BYTES: f64 = 200.0;
/// The share of ClickHouse's median that a lookup may take.
const LOOKUP_SHARE: f64 = 0.5;
/// The console's view of the last 24 hours.
const HISTOGRAM_MS: f64 = 20.0;
/// Raw events that one core hands out in a second.
const PULLED_MB: f64 = 100.0;
/// A rule run dry over a month.
const TRIAL_SECONDS: f64 = 10.0;
const VISIBLE_MS: f64 = 100.0;
const PEAK_MIB: f64 = 1024.0;
const IDLE_MIB: f64 = 150.0;
/// A longer run may take twice as long for a lookup.
const LONG_RUN_EVENTS: u64 = 10_000_000;
const LONG_RUN_FACTOR: f64 = 2.0;

/// One aim: a figure that should be at most another.
#[derive(Debug, Serialize)]
pub(crate) struct Aim {
    pub(super) what: String,
    pub(super) unit: &'static str,
    pub(super) measured: f64,
    pub(super) at_most: f64,
    /// `met`, or `missed by` how much.
    pub(super) verdict: String,
}

impl Aim {
    pub(super) fn new(what: impl Into<String>, unit: &'static str, measured: f64, at_most: f64) -> Aim {
        let verdict = if measured <= at_most {
            "met".to_owned()
        } else {
            let over = measured - at_most;
            format!("missed by {} ({:.0} %)", shown(over, unit), 100.0 * over / at_most)
        };
        Aim { what: what.into(), unit, measured, at_most, verdict }
    }
}

/// A figure with its unit.
pub(super) fn shown(value: f64, unit: &str) -> String {
    match unit {
        "ms" => format!("{value:.2} ms"),
        "µs" => format!("{value:.1} µs"),
        unit => format!("{value:.0} {unit}"),
    }
}

pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

pub(super) fn of(report: &Report) -> Vec<Aim> {
    let writing = &report.writing;
    let mut aims = Vec::new();
    let (cpu, disk) = (writing.cpu_micros_per_event, writing.disk_bytes_per_event);
    if let Some(theirs) = &report.clickhouse {
        let theirs = &theirs.writing;
        aims.push(Aim::new("CPU an event: ClickHouse's", "µs", cpu, theirs.cpu_micros_per_event));
        aims.push(Aim::new("CPU an event: 0.4 of ClickHouse's", "µs", cpu, CPU_SHARE * theirs.cpu_micros_per_event));
        aims.push(Aim::new("disk an event: ClickHouse's", "bytes", disk, theirs.disk_bytes_per_event));
    }
    aims.push(Aim::new("CPU an event", "µs", cpu, CPU_MICROS));
    aims.push(Aim::new("disk an event", "bytes", disk, DISK_BYTES));
    aims.push(Aim::new("memory, peak", "MiB", mib(report.memory.peak), PEAK_MIB));
    aims.push(Aim::new("memory, all written and idle", "MiB", mib(report.memory.resident), IDLE_MIB));
    aims.push(Aim::new("found after its acknowledgement, p99", "ms", report.visibility.p99_ms, VISIBLE_MS));
    let factor = if writing.events >= LONG_RUN_EVENTS { LONG_RUN_FACTOR } else { 1.0 };
    for ours in &report.over_http {
        aims.push(Aim::new(format!("{}, warm", ours.question), "ms", ours.warm_median_ms, factor * ours.aim_ms));
    }
    aims.extend(of_queries(&report.queries));
    if let Some(theirs) = &report.clickhouse {
        for (ours, theirs) in report.over_http.iter().zip(&theirs.lookups) {
            aims.extend(half_of_theirs(ours, theirs));
        }
    }
    aims
}

/// Pages in half of ClickHouse's time, counts and statements in its time, the last day's histogram at once.
fn of_queries(queries: &Queries) -> impl Iterator<Item = Aim> {
    let compared = queries.asked.iter().filter_map(|ours| {
        let theirs_ms = ours.their_median_ms?;
        let (share, words) = match ours.kind {
            Kind::Page => (LOOKUP_SHARE, "half of ClickHouse's"),
            Kind::Histogram | Kind::Sql => (1.0, "ClickHouse's"),
        };
        Some(Aim::new(format!("{}: {words}", ours.question), "ms", ours.median_ms, share * theirs_ms))
    });
    let histograms = queries.asked.iter().filter(|ours| ours.kind == Kind::Histogram);
    let at_once = histograms.map(|ours| Aim::new(ours.question.clone(), "ms", ours.median_ms, HISTOGRAM_MS));
    // The other way round: it should be at least that fast.
    let pulled = Aim::new(
        format!("CPU for {PULLED_MB:.0} MB of pulled logs"),
        "ms",
        1000.0 * PULLED_MB / queries.pulled.megabytes_a_core_second(),
        1000.0,
    );
    let trial = |tried: &Tried| {
        Aim::new(format!("run dry: {}", tried.rule), "ms", 1000.0 * tried.seconds, 1000.0 * TRIAL_SECONDS)
    };
    compared.chain(at_once).chain([pulled]).chain(queries.tried.iter().map(trial))
}

fn half_of_theirs(ours: &Answered, theirs: &Answered) -> impl Iterator<Item = Aim> {
    let aim = |state: &str, ours_ms: f64, theirs_ms: f64| {
        Aim::new(format!("{}, {state}: half of ClickHouse's", ours.question), "ms", ours_ms, LOOKUP_SHARE * theirs_ms)
    };
    let warm = aim("warm", ours.warm_median_ms, theirs.warm_median_ms);
    let cold = ours.cold.as_ref().zip(theirs.cold.as_ref());
    std::iter::once(warm).chain(cold.map(|(ours, theirs)| aim("cold", ours.median_ms, theirs.median_ms)))
}
