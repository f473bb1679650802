//! `cargo xtask soak`: a node under steady load for as long as one likes, watched for what only time shows.
//!
//! First the full rate is measured for a few seconds, then a share of it is put for the duration, with lookups and two
//! trails going on and a history so short that segments are written, merged and removed all the time. What the process
//! holds is sampled from the kernel's figures; at the end the second half's slope says whether it grows. Every event
//! that was acknowledged and is asked for by its id must be found.

mod lookups;
mod node;
mod options;
mod putting;
mod series;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::signal::unix;
use tokio::sync::watch as signal;

use lookups::{Answers, Lookups};
use node::{S3Server, SoakNode};
use options::Options;
use putting::{Probes, Putting};
use watch::Watch;

/// How long the full rate is measured.
const FULL_RATE_TIME: Duration = Duration::from_secs(10);
/// Caches and pools fill up in the first minutes; in a shorter run that would pass for growth.
const VERDICT_TIME: Duration = Duration::from_secs(10 * 60);
/// For trails to deliver what is left when the load ends.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(90);

/// Runs the soak when it was asked for: `bench soak …`.
pub(crate) fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("soak") {
        return None;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    let outcome = Options::parse(arguments).and_then(|options| runtime?.block_on(run_or_stop(&options)));
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    })
}

/// A run that is ended from outside takes its node and its S3 server with it.
async fn run_or_stop(options: &Options) -> Result<()> {
    let mut terminated = unix::signal(unix::SignalKind::terminate()).context("could not catch signals")?;
    tokio::select! {
        done = run(options) => done,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminated.recv() => bail!("asked to end"),
    }
}

async fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir().context("could not make a temporary folder")?;
    let buckets = [folder.path().join("bucket"), folder.path().join("s3")];
    let node = Arc::new(SoakNode::start(options, folder.path()).await?);
    let producer = node.ingest_client().await?;
    let probes = Arc::new(Probes::new(options.history() / 2));

    let full = match options.rate {
        Some(_) => None,
        None => {
            eprintln!("measuring the full rate for {} s", FULL_RATE_TIME.as_secs());
            let mut putting = Putting::new(options, producer.clone(), probes.clone(), options.seed, None);
            Some(putting.run(FULL_RATE_TIME).await? / FULL_RATE_TIME.as_secs_f64())
        }
    };
    let rate = options.rate.unwrap_or_else(|| full.unwrap_or(0.0) * options.load);
    ensure!(rate >= 1.0, "there is nothing to put at {rate} events a second");
    println!("{}", options.headline(full, rate));

    let mut putting = Putting::new(options, producer, probes.clone(), options.seed + 1, Some(rate));
    if options.rate.is_some() {
        // The accounts appear with their first events, and keys and trails need accounts.
        putting.run(Duration::from_secs(2)).await?;
    }
    let s3 = S3Server::start(&options.s3_server, &buckets[1]).await?;
    node.start_trails(&putting.accounts(), &buckets[0], &s3).await?;
    let (stop, stopping) = signal::channel(false);
    let lookups = Lookups::start(node.clone(), putting.accounts(), probes, stopping.clone()).await?;
    let watch = Watch::start(node.clone(), putting.figures(), lookups.figures(), buckets.to_vec(), stopping);
    let put = putting.run(options.duration).await?;
    let _ = stop.send(true);
    let watch = watch.finish().await?;
    let answers = lookups.finish().await?;
    let verdict = watch.verdict();
    print!("{}", verdict.text);
    let kept = put / (rate * options.duration.as_secs_f64());
    println!("{:.0} events/s were put, {:.0} % of the pace", kept * rate, kept * 100.0);
    settle(&node).await?;
    check(&node, &answers)?;
    node.stop().await?;
    if options.duration < VERDICT_TIME {
        println!("a run of less than {} minutes is too short for a verdict", VERDICT_TIME.as_secs() / 60);
        return Ok(());
    }
    ensure!(!verdict.grows, "something grows");
    Ok(())
}

/// Waits for the trails to deliver the rest.
async fn settle(node: &SoakNode) -> Result<()> {
    let deadline = tokio::time::Instant::now() + DELIVERY_PATIENCE;
    loop {
        let lag = node.metrics()?.value("cairn_reader_lag_seconds{reader=\"delivery\"}");
        if lag == 0.0 {
            return Ok(());
        }
        ensure!(tokio::time::Instant::now() < deadline, "a trail is {lag:.0} s behind when nothing comes any more");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// What must not have happened.
fn check(node: &SoakNode, answers: &Answers) -> Result<()> {
    let metrics = node.metrics()?;
    for (name, what) in [
        ("cairn_store_undelivered_events_lost_total", "events were lost to retention before they were delivered"),
        ("cairn_gateway_audit_lost_total", "records of calls were lost"),
        ("cairn_store_upkeep_failures_total", "steps of the upkeep failed"),
        ("cairn_store_failed_lookups_total", "lookups failed"),
        ("cairn_delivery_failed_attempts_total", "deliveries failed"),
        ("cairn_journal_failed_writes_total", "writes of the journal failed"),
    ] {
        let count = metrics.value(name);
        ensure!(count == 0.0, "{count} {what}");
    }
    let Answers { asked, missed } = answers;
    ensure!(*missed == 0, "{missed} of {asked} acknowledged events that were asked for were not found");
    ensure!(*asked > 0, "no event was asked for: the node was too far behind the pace");
    for (name, what) in [
        ("cairn_store_merged_events_total", "nothing was merged"),
        ("cairn_store_retired_events_total", "nothing was removed with the history"),
        ("cairn_delivery_objects_total", "nothing was delivered"),
    ] {
        ensure!(metrics.value(name) > 0.0, "{what}: the run was too short or too slow to say anything about it");
    }
    println!("nothing was lost, all {asked} events asked for were found, segments were merged and removed");
    Ok(())
}
