//! `cargo xtask bench`: what a release build of `cairn` costs and how fast it answers, on made-up events.
//!
//! A report, not a test: nothing here passes or fails by a time. The server runs as its own process on a fresh data
//! folder, so its CPU time and memory are the kernel's figures and hold nothing of the load that is put on it. The
//! events follow from a seed, so they are made a second time to choose what to ask for instead of being kept.

mod answers;
mod load;
mod options;
mod process;
mod questions;
mod report;
mod server;
mod soak;
mod visibility;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

use answers::{Http, InProcess, measure};
use options::Options;
use questions::Questions;
use report::{Report, Restart, Writing};
use server::Server;

/// The share of the events that is written before the node is killed, to time its start.
const RESTART_SHARE: u64 = 4;

fn main() -> ExitCode {
    if let Some(code) = soak::main() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    let outcome = Options::parse(std::env::args().skip(1)).and_then(|options| runtime?.block_on(run(&options)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir().context("could not make a temporary folder")?;
    let mut server = Server::start(&options.cairn, folder.path()).await?;
    let idle_rss = server.memory()?.resident;

    eprintln!("putting {} events over {} connections", options.events, options.connections);
    let producer = server.ingest_client().await?;
    let load = load::put(options, &producer, 0..options.events).await?;
    eprintln!("waiting until they are in merged segments");
    let cpu = server.settled(options.events).await?;
    let memory = server.memory()?;
    let writing = Writing::new(options.events, &load, server.throttled()?, cpu, server.sizes()?);
    let visibility = visibility::measure(&server).await?;

    let questions = Questions::choose(options);
    let key = server.key_of(questions.account()).await?;
    eprintln!("asking over HTTP");
    let over_http = measure(&questions, &Http::new(&server, key)?).await?;

    eprintln!("killing the node with a journal to read back");
    let more = options.events..options.events + options.events / RESTART_SHARE;
    load::put(options, &producer, more).await?;
    let restart = restart(&mut server).await?;

    server.stop().await?;
    eprintln!("asking in process");
    let in_process = measure(&questions, &InProcess::open(folder.path()).await?).await?;
    // The place for a second system: load it with the same events, implement `Answers` for it, and measure it here;
    // `Report` shows as many columns of lookups as it is given.
    let lookups = vec![("over HTTP", over_http), ("in process", in_process)];

    let report = Report { machine: process::machine(), writing, idle_rss, memory, visibility, restart, lookups };
    print!("{}", report.table());
    if let Some(path) = &options.json {
        report.save(path)?;
    }
    Ok(())
}

async fn restart(server: &mut Server) -> Result<Restart> {
    let journal_bytes = server.sizes()?.journal;
    server.kill().await?;
    let took = server.restart().await?;
    // The rest of the run must not share the machine with what the start left to do.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(Restart { journal_bytes, seconds: took.as_secs_f64() })
}
