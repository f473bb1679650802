//! The report as Markdown: what was written, what was asked, warm and cold, and the aims.

use std::fmt::Write;

use super::aims::{self, mib, shown};
use super::{Answered, Report};
use crate::queries::Queries;
use crate::recovery::Recovery;
use crate::selection;

/// In a cell that has nothing to say.
const NOTHING: &str = "";

pub(super) fn of(report: &Report) -> String {
    let mut text = Text(format!("\n### {} events, {}\n\n", report.writing.events, report.date));
    text.line(&format!(
        "{}. Seed {}, {:.0} bytes an event as sent, {} events a request, {} connections.",
        report.machine,
        report.seed,
        report.writing.raw_bytes_per_event,
        report.writing.batch_events,
        report.connections
    ));
    if let Some(theirs) = &report.clickhouse {
        let (clickhouse, chdb) = (&theirs.versions.clickhouse, &theirs.versions.chdb);
        text.line(&format!("ClickHouse {clickhouse} (chdb {chdb}) in a process of its own."));
    }
    text.line(&format!("Cold: {}.", report.cold_by));
    writing(report, &mut text);
    node(report, &mut text);
    lookups(report, "warm", |answered| Some(answered.warm_median_ms), &mut text);
    lookups(report, "cold", |answered| answered.cold.as_ref().map(|cold| cold.median_ms), &mut text);
    cold_reads(report, &mut text);
    queries(&report.queries, &mut text);
    text.line(NOTHING);
    selection::markdown(&report.selection).iter().for_each(|line| text.line(line));
    text.head(&["aim", "at most", "measured", "verdict"]);
    for aim in aims::of(report) {
        text.row(&[&aim.what, &shown(aim.at_most, aim.unit), &shown(aim.measured, aim.unit), &aim.verdict]);
    }
    text.0
}

/// Only what queries of a Logstore cost.
pub(crate) fn of_queries(measured: &Queries) -> String {
    let mut text = Text(String::new());
    queries(measured, &mut text);
    text.0
}

/// Both systems side by side.
fn writing(report: &Report, text: &mut Text) {
    let ours = &report.writing;
    let theirs = report.clickhouse.as_ref().map(|theirs| &theirs.writing);
    text.head(&["writing", "Cairn", "ClickHouse", "Cairn ÷ ClickHouse", "ClickHouse ÷ Cairn"]);
    let mut both = |what: &str, ours: f64, theirs: Option<f64>, decimals: usize| {
        let number = |value: f64| format!("{value:.decimals$}");
        let (ratio, inverse) = ratios(Some(ours), theirs);
        text.row(&[what, &number(ours), &theirs.map_or(NOTHING.to_owned(), number), &ratio, &inverse]);
    };
    let cpu = ours.cpu_micros_per_event;
    both("CPU µs an event, all merged", cpu, theirs.map(|theirs| theirs.cpu_micros_per_event), 1);
    let inserted = theirs.map(|theirs| theirs.cpu_micros_per_event_inserted);
    both("the same, ClickHouse without its last merge (OPTIMIZE FINAL)", cpu, inserted, 1);
    both("bytes an event on disk", ours.disk_bytes_per_event, theirs.map(|theirs| theirs.disk_bytes_per_event), 0);
    both("memory, peak, MiB", mib(report.memory.peak), theirs.map(|theirs| mib(theirs.memory.peak)), 0);
    let per_second = theirs.map(|theirs| theirs.events_per_second);
    both("events a second (Cairn: durable; ClickHouse: not synced)", ours.events_per_second, per_second, 0);
}

/// What only the node has.
fn node(report: &Report, text: &mut Text) {
    let (writing, visible, delivery) = (&report.writing, &report.visibility, &report.delivery);
    text.head(&["node", "measured"]);
    let mut row = |what: &str, measured: String| text.row(&[what, &measured]);
    let both = |low: f64, high: f64| format!("{low:.1} / {high:.1} ms");
    row("acknowledgement of a request, p50 / p99", both(writing.batch_ack_p50_ms, writing.batch_ack_p99_ms));
    row("requests told to wait, their pauses included above", writing.throttled_batches.to_string());
    row("acknowledgement of one event, p50 / p99", both(visible.single_ack_p50_ms, visible.single_ack_p99_ms));
    row("found after its acknowledgement, p50 / p99", both(visible.p50_ms, visible.p99_ms));
    row("found by the first lookup", format!("{} of {}", visible.found_by_first_lookup, visible.events));
    let bytes = mib(delivery.bytes);
    row(
        &format!("in an object after its acknowledgement, default: {:.0} s or {bytes:.0} MiB", delivery.age_seconds),
        format!("{:.2} s", delivery.seconds),
    );
    row(
        &format!("the same, with an age of {:.0} s: p50 / longest", delivery.quick_age_seconds),
        format!("{:.2} / {:.2} s", delivery.quick_p50_seconds, delivery.quick_max_seconds),
    );
    row("memory, started and idle", format!("{:.0} MiB", mib(report.started_rss_bytes)));
    row("memory, all written and idle", format!("{:.0} MiB", mib(report.memory.resident)));
    row("of that pages of mapped files, which the kernel takes back", format!("{:.0} MiB", mib(report.memory.mapped)));
    row("memory, peak while writing", format!("{:.0} MiB", mib(report.memory.peak)));
    row(
        "ready after kill -9 under load, as long a journal as the defaults leave",
        ready(&report.restart_with_defaults),
    );
    row("ready after kill -9, a journal as long as asked for", ready(&report.restart_with_long_journal));
}

fn ready(recovery: &Recovery) -> String {
    let Recovery { journal_bytes, seconds_to_ready, memory } = recovery;
    let (journal, peak) = (mib(*journal_bytes), mib(memory.peak));
    format!("{seconds_to_ready:.2} s with {journal:.0} MiB of journal, {peak:.0} MiB of memory")
}

fn lookups(report: &Report, state: &str, median: impl Fn(&Answered) -> Option<f64>, text: &mut Text) {
    let title = format!("median, {state}, ms");
    text.head(&[
        &title,
        "Cairn, HTTP",
        "Cairn, in process",
        "ClickHouse",
        "HTTP ÷ ClickHouse",
        "ClickHouse ÷ HTTP",
        "in process ÷ ClickHouse",
        "ClickHouse ÷ in process",
    ]);
    let shown = |value: Option<f64>| value.map_or(NOTHING.to_owned(), |value| format!("{value:.2}"));
    for (position, http) in report.over_http.iter().enumerate() {
        let of = |list: &[Answered]| list.get(position).and_then(&median);
        let (http_ms, in_process) = (median(http), of(&report.in_process));
        let theirs = report.clickhouse.as_ref().and_then(|theirs| of(&theirs.lookups));
        let (http_ratio, http_inverse) = ratios(http_ms, theirs);
        let (ratio, inverse) = ratios(in_process, theirs);
        let cells = [shown(http_ms), shown(in_process), shown(theirs), http_ratio, http_inverse, ratio, inverse];
        let cells: Vec<&str> = std::iter::once(http.question).chain(cells.iter().map(String::as_str)).collect();
        text.row(&cells);
    }
}

/// Whether cold was cold: a question that reads nothing was answered from memory.
fn cold_reads(report: &Report, text: &mut Text) {
    text.head(&["read from the disk for a cold question, KiB", "Cairn, HTTP", "Cairn, in process", "ClickHouse"]);
    for (position, http) in report.over_http.iter().enumerate() {
        let of = |list: &[Answered]| {
            let cold = list.get(position).and_then(|answered| answered.cold.as_ref());
            cold.map_or(NOTHING.to_owned(), |cold| (cold.read_bytes >> 10).to_string())
        };
        let theirs = report.clickhouse.as_ref().map_or(NOTHING.to_owned(), |theirs| of(&theirs.lookups));
        text.row(&[http.question, &of(&report.over_http), &of(&report.in_process), &theirs]);
    }
}

/// The Logstore's answers beside ClickHouse's.
fn queries(queries: &Queries, text: &mut Text) {
    let Queries { asked, pulled, heavy, tried } = queries;
    text.head(&[
        "query of a Logstore, median, warm, ms",
        "rows",
        "Cairn, HTTP",
        "p95",
        "ClickHouse",
        "Cairn ÷ ClickHouse",
    ]);
    let shown = |value: f64| format!("{value:.2}");
    for each in asked {
        let (ratio, _) = ratios(Some(each.median_ms), each.their_median_ms);
        let theirs = each.their_median_ms.map_or(NOTHING.to_owned(), shown);
        let (rows, median, p95) = (each.rows.to_string(), shown(each.median_ms), shown(each.p95_ms));
        text.row(&[&each.question, &rows, &median, &p95, &theirs, &ratio]);
    }
    text.head(&["pulling and memory", "measured"]);
    let megabytes = pulled.bytes as f64 / 1e6;
    text.row(&["PullLogs, events", &pulled.events.to_string()]);
    text.row(&["PullLogs, MB a second", &format!("{:.0}", megabytes / pulled.seconds)]);
    text.row(&["PullLogs, MB for a second of one core", &format!("{:.0}", pulled.megabytes_a_core_second())]);
    text.row(&["a statement with a group for each event", &format!("{} after {:.1} s", heavy.outcome, heavy.seconds)]);
    let (before, peak) = (mib(heavy.before.resident), mib(heavy.peak_rss_bytes));
    text.row(&["memory before it, and the most so far", &format!("{before:.0} and {peak:.0} MiB")]);
    text.head(&["rule run dry over thirty days", "runs", "with an answer of their own", "that fired", "s"]);
    for each in tried {
        let [runs, evaluated, fired] = [each.runs, each.evaluated, each.fired].map(|count| count.to_string());
        text.row(&[&each.rule, &runs, &evaluated, &fired, &format!("{:.1}", each.seconds)]);
    }
}

/// Ours by theirs, and theirs by ours.
fn ratios(ours: Option<f64>, theirs: Option<f64>) -> (String, String) {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours > 0.0 && theirs > 0.0 => (ratio(ours / theirs), ratio(theirs / ours)),
        _ => (NOTHING.to_owned(), NOTHING.to_owned()),
    }
}

/// Two or three digits that say something.
fn ratio(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

struct Text(String);

// Writing to a String cannot fail.
impl Text {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    /// Begins a table.
    fn head(&mut self, cells: &[&str]) {
        self.line(NOTHING);
        self.row(cells);
        self.line(&format!("|{}", "---|".repeat(cells.len())));
    }

    fn row(&mut self, cells: &[&str]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }
}
