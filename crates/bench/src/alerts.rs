//! Alerting at work, in process: from an acknowledged event to the webhook that is told of it, with a thousand rules on the stream
//! and 20,000 events a second; and what a thousand scheduled rules take each minute.
//!
//! Catalog, journal, store and `watch` are those of a node, on a fresh data folder; the webhook is a real request to a
//! receiver in this process. What is left out of the way is the gateway: events are appended where it would append them.

mod receiver;
mod setting;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use journal::Entry;
use model::{Event, Timestamp};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::options::Options;
use crate::process;
use receiver::Receiver;
use setting::{ACCOUNT, Setting};

const RULES: usize = 1_000;
const EVENTS_PER_SECOND: u64 = 20_000;
/// Events of one append; so many, and one that a rule waits for.
const BATCH_EVENTS: u64 = 500;
/// Between two events that a rule waits for.
const MARKED_EVERY: Duration = Duration::from_millis(50);
/// Events that rules are made of.
const EXAMPLES: usize = 20_000;
/// For the last notification to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// Minutes the schedule is watched.
const ROUNDS: usize = 3;

/// The figures.
#[derive(Debug, Serialize)]
pub(crate) struct Alerted {
    pub(crate) rules: usize,
    pub(crate) events: u64,
    pub(crate) events_per_second: f64,
    pub(crate) notifications: usize,
    pub(crate) p50_milliseconds: f64,
    pub(crate) p99_milliseconds: f64,
    pub(crate) max_milliseconds: f64,
    /// CPU time of everything in the process, producing the events included, per second.
    pub(crate) cores: f64,
    pub(crate) scheduled_rules: usize,
    /// How long each minute's runs took.
    pub(crate) round_seconds: Vec<f64>,
    pub(crate) memory_before: u64,
    pub(crate) memory_after: Vec<u64>,
}

/// `alerts` as the first argument: only this is measured.
pub(crate) async fn print(options: &Options) -> Result<()> {
    let folder = || tempfile::tempdir_in(&options.folder).context("could not make a temporary folder");
    let alerted = measure(options, folder()?.path(), folder()?.path()).await?;
    for line in markdown(&alerted) {
        println!("{line}");
    }
    Ok(())
}

/// Measures both, each on a folder of its own.
pub(crate) async fn measure(options: &Options, streamed: &Path, scheduled: &Path) -> Result<Alerted> {
    let mut generator = options.generator();
    let mut examples = Vec::with_capacity(EXAMPLES);
    for _ in 0..EXAMPLES {
        examples.push(Event::parse(Bytes::from(generator.next_event().1.into_bytes()))?);
    }
    let mut alerted = on_the_stream(options, streamed, &examples).await?;
    on_schedule(options, scheduled, &examples, &mut alerted).await?;
    Ok(alerted)
}

/// Two lists.
pub(crate) fn markdown(alerted: &Alerted) -> Vec<String> {
    let mebibytes = |bytes: u64| format!("{:.0}", bytes as f64 / f64::from(1 << 20));
    let rounds: Vec<String> = alerted.round_seconds.iter().map(|seconds| format!("{seconds:.1}")).collect();
    let after: Vec<String> = alerted.memory_after.iter().map(|bytes| mebibytes(*bytes)).collect();
    vec![
        "| alerting | |".to_owned(),
        "|---|---|".to_owned(),
        format!("| rules on the stream | {} |", alerted.rules),
        format!("| events, and a second | {}, {:.0} |", alerted.events, alerted.events_per_second),
        format!("| notifications | {} |", alerted.notifications),
        format!(
            "| acknowledged to webhook received, p50 / p99 / max, ms | {:.0} / {:.0} / {:.0} |",
            alerted.p50_milliseconds, alerted.p99_milliseconds, alerted.max_milliseconds
        ),
        format!("| cores busy, events being made included | {:.2} |", alerted.cores),
        format!("| scheduled rules each minute | {} |", alerted.scheduled_rules),
        format!("| each minute's runs took, s | {} |", rounds.join(", ")),
        format!("| memory before, MiB | {} |", mebibytes(alerted.memory_before)),
        format!("| memory after each minute, MiB | {} |", after.join(", ")),
    ]
}

fn marked(number: usize, now: Timestamp) -> Result<Event> {
    let json = format!(
        r#"{{"eventId":"marked-{number}-","eventTime":"{now}","eventName":"MarkedForTheBench","eventRW":"Write",
            "serviceName":"Bench","userIdentity":{{"userName":"bench"}}}}"#
    );
    Ok(Event::parse(Bytes::from(json.into_bytes()))?)
}

/// Batches of made-up events, ahead of time by a few.
fn batches(options: &Options) -> mpsc::Receiver<Vec<Event>> {
    let (send, receive) = mpsc::channel(8);
    let mut generator = options.later_generator();
    std::thread::spawn(move || {
        loop {
            let events = (0..BATCH_EVENTS).map(|_| Event::parse(Bytes::from(generator.next_event().1.into_bytes())));
            let Ok(events) = events.collect::<Result<Vec<Event>, _>>() else { return };
            if send.blocking_send(events).is_err() {
                return;
            }
        }
    });
    receive
}

async fn on_the_stream(options: &Options, folder: &Path, examples: &[Event]) -> Result<Alerted> {
    let (setting, receiver) = (Setting::open(folder).await?, Receiver::start().await?);
    setting.tell(&receiver.address()).await?;
    setting.rule("marked", "event.eventName: MarkedForTheBench", "eventId").await?;
    for number in 1..RULES {
        let query = crate::stream_rules::query_text(number, examples);
        setting.rule(&format!("rule-{number}"), &query, "eventName").await?;
    }
    let watch = setting.start()?;
    watch.until_known(RULES).await?;
    let mut batches = batches(options);
    let total = options.events.max(5 * EVENTS_PER_SECOND);
    let (started, cpu) = (Instant::now(), process::cpu_time(std::process::id())?);
    let (mut sent, mut number, mut acknowledged) = (0, 0, HashMap::new());
    let mut last_marked = started;
    while sent < total {
        let mut entries: Vec<Entry> = Vec::with_capacity(BATCH_EVENTS as usize + 1);
        let events = batches.recv().await.context("events are no longer made")?;
        entries.extend(events.into_iter().map(|event| Entry { account: ACCOUNT.parse().expect("digits"), event }));
        sent += entries.len() as u64;
        let is_marked = last_marked.elapsed() >= MARKED_EVERY;
        if is_marked {
            number += 1;
            last_marked = Instant::now();
            entries.push(Entry { account: ACCOUNT.parse().expect("digits"), event: marked(number, setting.now())? });
        }
        setting.writer().append(entries).await?;
        if is_marked {
            acknowledged.insert(number, Instant::now());
        }
        let due = started + Duration::from_secs_f64(sent as f64 / EVENTS_PER_SECOND as f64);
        tokio::time::sleep_until(due.into()).await;
    }
    let took = started.elapsed();
    let deadline = Instant::now() + PATIENCE;
    while receiver.arrived().len() < acknowledged.len() {
        ensure!(Instant::now() < deadline, "{} of {} arrived", receiver.arrived().len(), acknowledged.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cores = (process::cpu_time(std::process::id())? - cpu).as_secs_f64() / started.elapsed().as_secs_f64();
    let arrived = receiver.arrived();
    let mut times: Vec<f64> = acknowledged
        .iter()
        .filter_map(|(number, at)| Some(arrived.get(number)?.saturating_duration_since(*at).as_secs_f64() * 1e3))
        .collect();
    times.sort_by(f64::total_cmp);
    ensure!(times.len() == acknowledged.len(), "another notification arrived than was waited for");
    watch.stop().await;
    setting.close().await;
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Ok(Alerted {
        rules: RULES,
        events: sent,
        events_per_second: sent as f64 / took.as_secs_f64(),
        notifications: times.len(),
        p50_milliseconds: at(0.5),
        p99_milliseconds: at(0.99),
        max_milliseconds: at(1.0),
        cores,
        scheduled_rules: 0,
        round_seconds: Vec::new(),
        memory_before: 0,
        memory_after: Vec::new(),
    })
}

/// A thousand rules that run each minute over what happened, and do not fire: what schedules cost at rest.
async fn on_schedule(options: &Options, folder: &Path, examples: &[Event], alerted: &mut Alerted) -> Result<()> {
    let setting = Setting::open(folder).await?;
    for number in 0..RULES {
        let query = crate::stream_rules::query_text(number, examples);
        setting.scheduled_rule(&format!("rule-{number}"), &query).await?;
    }
    let mut batches = batches(options);
    for _ in 0..options.events.min(200_000) / BATCH_EVENTS {
        let events = batches.recv().await.context("events are no longer made")?;
        let entry = |event| Entry { account: ACCOUNT.parse().expect("digits"), event };
        setting.writer().append(events.into_iter().map(entry).collect()).await?;
    }
    drop(batches);
    let resident = || process::memory(std::process::id()).map(|memory| memory.resident);
    alerted.memory_before = resident()?;
    alerted.scheduled_rules = RULES;
    let watch = setting.start()?;
    let first = Timestamp((setting.now().0 / 60_000 + 1) * 60_000);
    for round in 0..ROUNDS {
        let instant = Timestamp(first.0 + round as i64 * 60_000);
        tokio::time::sleep(instant.since(setting.now())).await;
        let began = Instant::now();
        while setting.behind(instant).await? > 0 {
            ensure!(began.elapsed() < Duration::from_secs(60), "a minute's runs take longer than a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        alerted.round_seconds.push(began.elapsed().as_secs_f64());
        alerted.memory_after.push(resident()?);
    }
    watch.stop().await;
    setting.close().await;
    Ok(())
}
