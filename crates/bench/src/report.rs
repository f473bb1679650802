//! The figures, as a table to read and as JSON to keep.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;

use crate::load::Load;
use crate::process::Memory;
use crate::server::Sizes;
use crate::visibility::Visibility;

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) writing: Writing,
    /// Resident memory right after the start, in bytes.
    pub(crate) idle_rss: u64,
    /// Memory once all is written and merged.
    pub(crate) memory: Memory,
    pub(crate) visibility: Visibility,
    pub(crate) restart: Restart,
    /// Who answered, and what it took.
    pub(crate) lookups: Vec<(&'static str, Vec<Answered>)>,
}

/// The write path.
#[derive(Serialize)]
pub(crate) struct Writing {
    events: u64,
    raw_bytes_per_event: f64,
    events_per_second: f64,
    /// Of the server's process: from the request to the merged segment.
    cpu_micros_per_event: f64,
    /// Segments with their indexes.
    disk_bytes_per_event: f64,
    catalog_bytes: u64,
    /// From the first attempt, with the pauses of those that were throttled.
    batch_ack_p50_ms: f64,
    batch_ack_p99_ms: f64,
    throttled_batches: u64,
}

/// A start after `kill -9`.
#[derive(Serialize)]
pub(crate) struct Restart {
    pub(crate) journal_bytes: u64,
    pub(crate) seconds: f64,
}

/// One kind of question, as one system answered it.
#[derive(Serialize)]
pub(crate) struct Answered {
    pub(crate) question: &'static str,
    asked: usize,
    events_found: usize,
    first_median_ms: f64,
    first_p95_ms: f64,
    again_median_ms: f64,
    again_p95_ms: f64,
}

impl Writing {
    pub(crate) fn new(events: u64, load: &Load, throttled: u64, cpu: Duration, sizes: Sizes) -> Writing {
        let per_event = |value: f64| value / events as f64;
        Writing {
            events,
            raw_bytes_per_event: per_event(load.bytes as f64),
            events_per_second: events as f64 / load.took.as_secs_f64(),
            cpu_micros_per_event: per_event(cpu.as_secs_f64() * 1e6),
            disk_bytes_per_event: per_event(sizes.segments as f64),
            catalog_bytes: sizes.rest,
            batch_ack_p50_ms: percentile(&load.acknowledgements, 50),
            batch_ack_p99_ms: percentile(&load.acknowledgements, 99),
            throttled_batches: throttled,
        }
    }
}

impl Answered {
    pub(crate) fn new(question: &'static str, found: usize, first: Vec<Duration>, again: Vec<Duration>) -> Answered {
        Answered {
            question,
            asked: first.len(),
            events_found: found,
            first_median_ms: percentile(&first, 50),
            first_p95_ms: percentile(&first, 95),
            again_median_ms: percentile(&again, 50),
            again_p95_ms: percentile(&again, 95),
        }
    }
}

impl Report {
    pub(crate) fn table(&self) -> String {
        let mut table = format!("\n{}, {} events\n\n", self.machine, self.writing.events);
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let writing = &self.writing;
        let visible = &self.visibility;
        let rows = [
            ("server CPU per event, to merged segments", format!("{:.1} µs", writing.cpu_micros_per_event)),
            ("bytes per event as sent", format!("{:.0}", writing.raw_bytes_per_event)),
            ("bytes per event on disk, index included", format!("{:.0}", writing.disk_bytes_per_event)),
            ("events per second", format!("{:.0}", writing.events_per_second)),
            ("acknowledgement of a batch, p50 / p99", both(writing.batch_ack_p50_ms, writing.batch_ack_p99_ms)),
            ("batches told to wait, their pauses included", writing.throttled_batches.to_string()),
            ("acknowledgement of one event, p50 / p99", percentiles(&visible.acknowledgements)),
            ("found after its acknowledgement, p50 / p99", percentiles(&visible.times)),
            ("found by the first lookup", format!("{} of {}", visible.at_once, visible.times.len())),
            ("memory, started and idle", format!("{:.0} MiB", mib(self.idle_rss))),
            ("memory, all written and idle", format!("{:.0} MiB", mib(self.memory.resident))),
            ("memory, peak", format!("{:.0} MiB", mib(self.memory.peak))),
            (
                "ready after kill -9",
                format!("{:.2} s with {:.0} MiB of journal", self.restart.seconds, mib(self.restart.journal_bytes)),
            ),
        ];
        for (name, value) in rows {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(table, "{name:<44} {value}");
        }
        for (answerer, answered) in &self.lookups {
            let _ = writeln!(table, "\nlookups {answerer:<33} {:>10} {:>10} {:>10}", "first", "again", "again p95");
            for each in answered {
                let (first, again, tail) = (each.first_median_ms, each.again_median_ms, each.again_p95_ms);
                let _ = writeln!(table, "  {:<39} {first:>7.2} ms {again:>7.2} ms {tail:>7.2} ms", each.question);
            }
        }
        table
    }

    // A report goes to the machine's own disk: there is no simulated one to go through.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let lookups: Vec<_> = self
            .lookups
            .iter()
            .map(|(answerer, answered)| json!({ "answerer": answerer, "lookups": answered }))
            .collect();
        let visible = &self.visibility;
        let report = json!({
            "machine": self.machine,
            "writing": self.writing,
            "idle_rss_bytes": self.idle_rss,
            "memory": self.memory,
            "visibility": {
                "events": visible.times.len(),
                "found_by_first_lookup": visible.at_once,
                "p50_ms": percentile(&visible.times, 50),
                "p99_ms": percentile(&visible.times, 99),
                "single_ack_p50_ms": percentile(&visible.acknowledgements, 50),
                "single_ack_p99_ms": percentile(&visible.acknowledgements, 99),
            },
            "restart": self.restart,
            "lookups": lookups,
        });
        let text = serde_json::to_string_pretty(&report).context("the report is not JSON")?;
        std::fs::write(path, text + "\n").with_context(|| format!("could not write {}", path.display()))
    }
}

fn percentiles(times: &[Duration]) -> String {
    both(percentile(times, 50), percentile(times, 99))
}

fn both(low: f64, high: f64) -> String {
    format!("{low:.1} / {high:.1} ms")
}

/// The time that this many of a hundred are at or below, in milliseconds; zero of none.
fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99), percentile(&times, 100)), (50.0, 99.0, 100.0));
        assert_eq!(percentile(&times[..1], 50), 100.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
