//! What Cairn aims at, and whether it is there: in figures of its own and in shares of ClickHouse's.

use serde::Serialize;

use super::{Answered, Report};

/// CPU time of the write path: this share of ClickHouse's, and this many microseconds.
const CPU_SHARE: f64 = 0.4;
const CPU_MICROS: f64 = 12.0;
const DISK_BYTES: f64 = 200.0;
/// The share of ClickHouse's median that a lookup may take.
const LOOKUP_SHARE: f64 = 0.5;
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
    if let Some(theirs) = &report.clickhouse {
        for (ours, theirs) in report.over_http.iter().zip(&theirs.lookups) {
            aims.extend(half_of_theirs(ours, theirs));
        }
    }
    aims
}

fn half_of_theirs(ours: &Answered, theirs: &Answered) -> impl Iterator<Item = Aim> {
    let aim = |state: &str, ours_ms: f64, theirs_ms: f64| {
        Aim::new(format!("{}, {state}: half of ClickHouse's", ours.question), "ms", ours_ms, LOOKUP_SHARE * theirs_ms)
    };
    let warm = aim("warm", ours.warm_median_ms, theirs.warm_median_ms);
    let cold = ours.cold.as_ref().zip(theirs.cold.as_ref());
    std::iter::once(warm).chain(cold.map(|(ours, theirs)| aim("cold", ours.median_ms, theirs.median_ms)))
}
