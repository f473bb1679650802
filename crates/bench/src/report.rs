//! The figures: as Markdown to paste into `docs/benchmarks.md`, and as JSON to keep.

mod aims;
mod markdown;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::clickhouse::messages::{Figures, Versions};
use crate::delivery::Delivery;
use crate::load::Load;
use crate::process::Memory;
use crate::queries::Queries;
use crate::recovery::Recovery;
use crate::selection::Selected;
use crate::server::Sizes;
use crate::visibility::Visibility;

use aims::Aim;
pub(crate) use markdown::of_queries as markdown_of_queries;

/// Everything that was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) seed: u64,
    pub(crate) connections: usize,
    /// How cold questions were made cold.
    pub(crate) cold_by: &'static str,
    pub(crate) writing: Writing,
    /// Resident memory right after the start, in bytes.
    pub(crate) started_rss_bytes: u64,
    /// Once all is written and merged.
    pub(crate) memory: Memory,
    pub(crate) visibility: Visible,
    pub(crate) delivery: Delivery,
    pub(crate) selection: Vec<Selected>,
    pub(crate) restart_with_defaults: Recovery,
    pub(crate) restart_with_long_journal: Recovery,
    pub(crate) over_http: Vec<Answered>,
    pub(crate) in_process: Vec<Answered>,
    pub(crate) queries: Queries,
    pub(crate) clickhouse: Option<Theirs>,
}

/// The write path.
#[derive(Serialize)]
pub(crate) struct Writing {
    pub(crate) events: u64,
    pub(crate) batch_events: u64,
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

/// ClickHouse's side.
#[derive(Serialize)]
pub(crate) struct Theirs {
    pub(crate) versions: Versions,
    pub(crate) writing: TheirWriting,
    pub(crate) lookups: Vec<Answered>,
}

/// ClickHouse's write path.
#[derive(Serialize)]
pub(crate) struct TheirWriting {
    /// While it inserted. Nothing is synced.
    events_per_second: f64,
    /// Insert and the merges that it does by itself meanwhile and afterwards.
    cpu_micros_per_event_inserted: f64,
    /// With the merge of everything into one part.
    cpu_micros_per_event: f64,
    parts_before_the_last_merge: u64,
    disk_bytes_per_event: f64,
    /// Of these, indexes.
    index_bytes_per_event: f64,
    memory: Memory,
}

/// How long after its acknowledgement an event is found.
#[derive(Serialize)]
pub(crate) struct Visible {
    events: usize,
    found_by_first_lookup: usize,
    p50_ms: f64,
    p99_ms: f64,
    single_ack_p50_ms: f64,
    single_ack_p99_ms: f64,
}

/// One kind of question, as one system answered it.
#[derive(Serialize)]
pub(crate) struct Answered {
    pub(crate) question: &'static str,
    asked: usize,
    events_found: usize,
    /// Events found of each subject.
    #[serde(skip)]
    pub(crate) found: Vec<usize>,
    first_median_ms: f64,
    first_p95_ms: f64,
    warm_median_ms: f64,
    warm_p95_ms: f64,
    pub(crate) cold: Option<Cold>,
    /// What the median should be at most at 2 M events.
    aim_ms: f64,
}

/// The questions that were asked cold.
#[derive(Serialize)]
pub(crate) struct Cold {
    asked: usize,
    median_ms: f64,
    max_ms: f64,
    /// Read from the disk for one question, on average.
    read_bytes: u64,
}

impl Writing {
    pub(crate) fn new(events: u64, batch: usize, load: &Load, throttled: u64, cpu: Duration, sizes: Sizes) -> Writing {
        let per_event = |value: f64| value / events as f64;
        Writing {
            events,
            batch_events: batch as u64,
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

impl TheirWriting {
    /// From the figures before the first insert, when nothing was left to merge, and after the last merge.
    pub(crate) fn new(
        before: &Figures,
        settled: &Figures,
        merged: &Figures,
        insert_seconds: f64,
        memory: Memory,
    ) -> TheirWriting {
        let events = merged.events as f64;
        let cpu = |figures: &Figures| (figures.cpu_seconds - before.cpu_seconds) * 1e6 / events;
        TheirWriting {
            events_per_second: events / insert_seconds,
            cpu_micros_per_event_inserted: cpu(settled),
            cpu_micros_per_event: cpu(merged),
            parts_before_the_last_merge: settled.parts,
            disk_bytes_per_event: merged.disk_bytes as f64 / events,
            index_bytes_per_event: merged.index_bytes as f64 / events,
            memory,
        }
    }
}

impl Visible {
    pub(crate) fn new(measured: &Visibility) -> Visible {
        Visible {
            events: measured.times.len(),
            found_by_first_lookup: measured.at_once,
            p50_ms: percentile(&measured.times, 50),
            p99_ms: percentile(&measured.times, 99),
            single_ack_p50_ms: percentile(&measured.acknowledgements, 50),
            single_ack_p99_ms: percentile(&measured.acknowledgements, 99),
        }
    }
}

impl Answered {
    pub(crate) fn new(
        question: &'static str,
        aim_ms: f64,
        found: Vec<usize>,
        first: &[Duration],
        warm: &[Duration],
    ) -> Answered {
        Answered {
            question,
            asked: first.len(),
            events_found: found.iter().sum(),
            found,
            first_median_ms: percentile(first, 50),
            first_p95_ms: percentile(first, 95),
            warm_median_ms: percentile(warm, 50),
            warm_p95_ms: percentile(warm, 95),
            cold: None,
            aim_ms,
        }
    }
}

impl Cold {
    /// Nothing, if nothing was asked.
    pub(crate) fn new(times: &[Duration], read_bytes: u64) -> Option<Cold> {
        let asked = times.len();
        (asked > 0).then(|| Cold {
            asked,
            median_ms: percentile(times, 50),
            max_ms: percentile(times, 100),
            read_bytes: read_bytes / asked as u64,
        })
    }
}

impl Report {
    /// The whole as Markdown.
    pub(crate) fn markdown(&self) -> String {
        markdown::of(self)
    }

    // A report goes to the machine's own disk: there is no simulated one to go through.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        #[derive(Serialize)]
        struct Saved<'r> {
            #[serde(flatten)]
            report: &'r Report,
            aims: Vec<Aim>,
        }
        let saved = Saved { report: self, aims: aims::of(self) };
        let text = serde_json::to_string_pretty(&saved).context("the report is not JSON")?;
        std::fs::write(path, text + "\n").with_context(|| format!("could not write {}", path.display()))
    }
}

/// The time that this many of a hundred are at or below, in milliseconds; zero of none.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests;
