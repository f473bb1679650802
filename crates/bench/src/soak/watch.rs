//! Sampling the process while the load goes on, a line a minute, and the verdict at the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::node::SoakNode;
use super::series::{Figures, Window, trend};
use crate::process;

const SAMPLE_EVERY: Duration = Duration::from_secs(5);
const LINE_EVERY: Duration = Duration::from_secs(60);
/// Delivered objects are removed after this long: the disk is not what is tested.
const OBJECT_AGE_MAX: Duration = Duration::from_secs(60);
/// Growth per hour that counts as none: a share of the mean, and at least so much.
const FLAT_SHARE: f64 = 0.05;
const FLAT_BYTES: f64 = (16 << 20) as f64;
const FLAT_FILES: f64 = 10.0;
const MIB: f64 = (1 << 20) as f64;

/// The running watch.
pub(super) struct Watch(JoinHandle<Result<Watched>>);

/// What was seen.
pub(super) struct Watched {
    samples: Vec<Sample>,
}

/// The process at one moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    seconds: f64,
    resident: f64,
    files: f64,
    threads: f64,
    disk: f64,
}

/// A figure of the samples, how much growth an hour counts as none, and the unit it is shown in.
struct Series {
    name: &'static str,
    pick: fn(&Sample) -> f64,
    flat: f64,
    unit: f64,
    unit_name: &'static str,
}

/// Whether something grows, in words.
pub(super) struct Verdict {
    pub(super) grows: bool,
    pub(super) text: String,
}

impl Watch {
    pub(super) fn start(
        node: Arc<SoakNode>,
        puts: Arc<Figures>,
        lookups: Arc<Figures>,
        buckets: Vec<PathBuf>,
        stopping: watch::Receiver<bool>,
    ) -> Watch {
        // What came before is no part of it.
        puts.take();
        Watch(tokio::spawn(look(node, puts, lookups, buckets, stopping)))
    }

    pub(super) async fn finish(self) -> Result<Watched> {
        self.0.await.context("the watch panicked")?
    }
}

async fn look(
    node: Arc<SoakNode>,
    puts: Arc<Figures>,
    lookups: Arc<Figures>,
    buckets: Vec<PathBuf>,
    mut stopping: watch::Receiver<bool>,
) -> Result<Watched> {
    println!(
        "minute  events/s  ack ms p50/p99  lookup ms p50/p99  RSS MiB  files  threads  disk MiB  trail s  throttled  merged  removed"
    );
    let started = Instant::now();
    let (mut samples, mut minutes) = (Vec::new(), 1);
    let (mut put, mut looked_up) = (Window::default(), Window::default());
    let mut line_at = started;
    loop {
        tokio::select! {
            () = tokio::time::sleep(SAMPLE_EVERY) => {}
            _ = stopping.changed() => return Ok(Watched { samples }),
        }
        let sample = sample(&node, started)?;
        samples.push(sample);
        buckets.iter().for_each(|bucket| sweep(bucket));
        put.append(puts.take());
        looked_up.append(lookups.take());
        if started.elapsed() >= LINE_EVERY * minutes {
            let took = line_at.elapsed().as_secs_f64();
            println!("{}", line(minutes, &node, sample, &mut put, &mut looked_up, took)?);
            (put, looked_up, line_at, minutes) = (Window::default(), Window::default(), Instant::now(), minutes + 1);
        }
    }
}

fn sample(node: &SoakNode, started: Instant) -> Result<Sample> {
    let metrics = node.metrics()?;
    Ok(Sample {
        seconds: started.elapsed().as_secs_f64(),
        resident: process::memory(node.id())?.resident as f64,
        files: std::fs::read_dir(format!("/proc/{}/fd", node.id())).map_or(0, |files| files.count()) as f64,
        threads: metrics.value("cairn_node_threads"),
        disk: folder_bytes(node.data()) as f64,
    })
}

fn line(
    minute: u32,
    node: &SoakNode,
    sample: Sample,
    put: &mut Window,
    looked_up: &mut Window,
    took: f64,
) -> Result<String> {
    let metrics = node.metrics()?;
    Ok(format!(
        "{minute:>6}  {:>8.0}  {:>6.1} / {:>6.1}  {:>9.1} / {:>6.1}  {:>7.0}  {:>5}  {:>7}  {:>8.0}  {:>7.1}  {:>9}  {:>6}  {:>7}",
        put.count as f64 / took,
        put.quantile_ms(0.5),
        put.quantile_ms(0.99),
        looked_up.quantile_ms(0.5),
        looked_up.quantile_ms(0.99),
        sample.resident / MIB,
        sample.files,
        sample.threads,
        sample.disk / MIB,
        metrics.value("cairn_reader_lag_seconds{reader=\"delivery\"}"),
        metrics.value("cairn_journal_throttled_appends_total"),
        thousands(metrics.value("cairn_store_merged_events_total")),
        thousands(metrics.value("cairn_store_retired_events_total")),
    ))
}

fn thousands(number: f64) -> String {
    format!("{:.0}k", number / 1000.0)
}

impl Watched {
    /// The slope over the second half, when everything has reached its usual size.
    pub(super) fn verdict(&self) -> Verdict {
        let half = &self.samples[self.samples.len() / 2..];
        let series = [
            Series { name: "memory", pick: |sample| sample.resident, flat: FLAT_BYTES, unit: MIB, unit_name: " MiB" },
            Series { name: "open files", pick: |sample| sample.files, flat: FLAT_FILES, unit: 1.0, unit_name: "" },
            Series { name: "threads", pick: |sample| sample.threads, flat: FLAT_FILES, unit: 1.0, unit_name: "" },
            // Kept within bounds by the history, but in steps of whole segments: shown, not judged.
            Series {
                name: "data folder",
                pick: |sample| sample.disk,
                flat: f64::INFINITY,
                unit: MIB,
                unit_name: " MiB",
            },
        ];
        let mut verdict = Verdict { grows: false, text: String::new() };
        for Series { name, pick, flat, unit, unit_name } in series {
            let points: Vec<(f64, f64)> = half.iter().map(|sample| (sample.seconds, pick(sample))).collect();
            let Some(trend) = trend(&points) else { continue };
            let (per_hour, noise) = (trend.slope * 3600.0, 2.0 * trend.uncertainty * 3600.0);
            let grows = per_hour - noise > flat.max(trend.mean * FLAT_SHARE);
            verdict.grows |= grows;
            verdict.text.push_str(&format!(
                "{name}: {:.1}{unit_name} on average, {:+.1} ± {:.1}{unit_name} an hour over the second half: {}\n",
                trend.mean / unit,
                per_hour / unit,
                noise / unit,
                if grows { "GROWS" } else { "flat" }
            ));
        }
        verdict
    }
}

/// Files come and go while they are counted.
fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let file = entry.metadata().ok()?;
        Some(if file.is_dir() { folder_bytes(&entry.path()) } else { file.len() })
    });
    sizes.sum()
}

/// Removes old objects of a bucket.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(file)) = (entry.path(), entry.metadata()) else { continue };
        if file.is_dir() {
            sweep(&path);
        } else if file.modified().is_ok_and(is_old) {
            remove(&path);
        }
    }
}

// The age of a file is the machine's, not the node's.
#[allow(clippy::disallowed_methods)]
fn is_old(at: SystemTime) -> bool {
    SystemTime::now().duration_since(at).is_ok_and(|age| age > OBJECT_AGE_MAX)
}

#[allow(clippy::disallowed_methods)]
fn remove(path: &Path) {
    // A file that is gone already is as good.
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(resident: impl Fn(f64) -> f64) -> Watched {
        let sample = |n: u32| {
            let seconds = f64::from(n) * 5.0;
            Sample { seconds, resident: resident(seconds), files: 40.0, threads: 12.0, disk: seconds * 1e6 }
        };
        Watched { samples: (0..120).map(sample).collect() }
    }

    #[test]
    fn a_leak_is_told_from_a_sawtooth_and_from_a_start() {
        let leak = watched(|seconds| 300e6 + seconds * 20e3).verdict();
        assert!(leak.grows && leak.text.contains("memory: ") && leak.text.contains("GROWS"), "{}", leak.text);
        let sawtooth = watched(|seconds| 300e6 + (seconds % 35.0) * 2e6).verdict();
        assert!(!sawtooth.grows, "{}", sawtooth.text);
        let start = watched(|seconds| 300e6 * (seconds / 200.0).min(1.0)).verdict();
        assert!(!start.grows, "{}", start.text);
    }
}
