//! `cargo xtask bench`: what a release build of `cairn` costs and how fast it answers, on made-up events, beside
//! ClickHouse on the same ones.
//!
//! A report, not a test: nothing here passes or fails by a time. Both systems run as processes of their own on fresh
//! data folders, so CPU time and memory are the kernel's figures and hold nothing of the load that is put on them. The
//! events follow from a seed, so they are made again to choose what to ask for, and once more for ClickHouse, instead
//! of being kept. `docs/book/howto-measure.md` says how to read the report.

mod alerts;
mod answers;
mod clickhouse;
mod delivery;
mod load;
mod options;
mod page_cache;
mod process;
mod queries;
mod questions;
mod recovery;
mod report;
mod selection;
mod server;
mod soak;
mod stream_rules;
mod visibility;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use host::{Clock, SystemClock};

use answers::{ByClickHouse, InProcess, OverHttp, check_same, measure};
use clickhouse::ClickHouse;
use load::Stream;
use options::Options;
use queries::Queries;
use questions::Questions;
use report::{Answered, Report, Theirs, Visible, Writing};
use server::{SOON_IN_SEGMENTS, Server};

fn main() -> ExitCode {
    if let Some(code) = soak::main() {
        return code;
    }
    if std::env::args().nth(1).as_deref() == Some("selection") {
        return told(Options::parse(std::env::args().skip(2)).and_then(|options| selection::print(&options)));
    }
    if std::env::args().nth(1).as_deref() == Some("stream-rules") {
        return told(Options::parse(std::env::args().skip(2)).and_then(|options| stream_rules::print(&options)));
    }
    if std::env::args().nth(1).as_deref() == Some("alerts") {
        return told(tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
            let options = Options::parse(std::env::args().skip(2))?;
            runtime.block_on(alerts::print(&options))
        }));
    }
    let only_queries = std::env::args().nth(1).as_deref() == Some("queries");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    told(Options::parse(std::env::args().skip(1 + usize::from(only_queries))).and_then(|options| {
        let runtime = runtime?;
        if only_queries { runtime.block_on(run_queries(&options)) } else { runtime.block_on(run(&options)) }
    }))
}

fn told(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let folder = || tempfile::tempdir_in(&options.folder).context("could not make a temporary folder");
    let questions = Questions::choose(options);
    let cairn = folder()?;
    let mut report = measure_cairn(options, &questions, cairn.path()).await?;
    // What it takes on the disk makes room for the other.
    drop(cairn);
    if let Some(python) = &options.python {
        let clickhouse = folder()?;
        let theirs = measure_clickhouse(options, python, &questions, &mut report, clickhouse.path()).await?;
        check_same(&questions.kinds, &report.over_http, &theirs.lookups).context("Cairn and ClickHouse disagree")?;
        report.clickhouse = Some(theirs);
    }
    print!("{}", report.markdown());
    if let Some(path) = &options.json {
        report.save(path)?;
    }
    Ok(())
}

/// `queries` as the first argument: the Logstore's questions and nothing else.
async fn run_queries(options: &Options) -> Result<()> {
    let folder = || tempfile::tempdir_in(&options.folder).context("could not make a temporary folder");
    let (questions, cairn) = (Questions::choose(options), folder()?);
    let mut server = Server::start(&options.cairn, cairn.path(), &[SOON_IN_SEGMENTS]).await?;
    progress(&format!("putting {} events over {} connections", options.events, options.connections));
    let producer = server.ingest_client().await?;
    load::put(options, &producer, Stream::new(options), options.events).await?;
    server.settled(options.events).await?;
    progress("asking the Logstore");
    let mut queries = queries::measure(options, &questions, &mut server).await?;
    server.stop().await?;
    drop(cairn);
    if let Some(python) = &options.python {
        let theirs = folder()?;
        progress("loading ClickHouse with the same events");
        let mut clickhouse = ClickHouse::start(options, python, theirs.path()).await?;
        clickhouse.load(options).await?;
        queries::compare(options, &questions, &mut queries, &mut clickhouse).await?;
        clickhouse.stop().await?;
    }
    print!("{}", report::markdown_of_queries(&queries));
    Ok(())
}

/// Between the last merge and the measure of the idle node's memory: the allocator gives it back over some seconds.
const REST: Duration = Duration::from_secs(30);

async fn measure_cairn(options: &Options, questions: &Questions, folder: &Path) -> Result<Report> {
    let mut server = Server::start(&options.cairn, folder, &[SOON_IN_SEGMENTS]).await?;
    let started_rss_bytes = server.memory()?.resident;
    progress(&format!("putting {} events over {} connections", options.events, options.connections));
    let producer = server.ingest_client().await?;
    let (load, _) = load::put(options, &producer, Stream::new(options), options.events).await?;
    progress("waiting until they are in merged segments");
    let cpu = server.settled(options.events).await?;
    tokio::time::sleep(REST).await;
    let memory = server.memory()?;
    let writing = Writing::new(options.events, options.batch, &load, server.throttled()?, cpu, server.sizes()?);
    let visibility = Visible::new(&visibility::measure(&server).await?);
    let (over_http, in_process, queries) = ask_cairn(options, questions, &mut server).await?;
    progress("killing the node, to time its start");
    server.restart_with(&[]).await?;
    let recoveries = recovery::measure(options, &mut server).await?;
    progress("waiting for delivered objects");
    let delivery = delivery::measure(&mut server, &folder.join("bucket")).await?;
    server.stop().await?;
    progress("finding the trails events are for");
    let selection = selection::measure(options)?;
    Ok(Report {
        date: SystemClock.now().to_string().split('T').next().unwrap_or_default().to_owned(),
        machine: process::machine(),
        seed: options.seed,
        connections: options.connections,
        cold_by: page_cache::METHOD,
        writing,
        started_rss_bytes,
        memory,
        visibility,
        delivery,
        selection,
        restart_with_defaults: recoveries.with_defaults,
        restart_with_long_journal: recoveries.long,
        over_http,
        in_process,
        queries,
        clickhouse: None,
    })
}

/// Over HTTP and in process, on the same data. The server has ended afterwards.
async fn ask_cairn(
    options: &Options,
    questions: &Questions,
    server: &mut Server,
) -> Result<(Vec<Answered>, Vec<Answered>, Queries)> {
    let key = server.key_of(questions.account()).await?;
    progress("asking over HTTP");
    let over_http = measure(questions, options.cold, &mut OverHttp::new(server, key)?).await?;
    progress("asking the Logstore");
    let queries = queries::measure(options, questions, server).await?;
    server.stop().await?;
    progress("asking in process");
    let mut store = InProcess::open(server.data()).await?;
    let in_process = measure(questions, options.cold, &mut store).await?;
    store.close().await?;
    check_same(&questions.kinds, &over_http, &in_process).context("HTTP and the store disagree")?;
    Ok((over_http, in_process, queries))
}

async fn measure_clickhouse(
    options: &Options,
    python: &Path,
    questions: &Questions,
    report: &mut Report,
    folder: &Path,
) -> Result<Theirs> {
    progress("loading ClickHouse with the same events");
    let mut clickhouse = ClickHouse::start(options, python, folder).await?;
    let writing = clickhouse.load(options).await?;
    progress("asking ClickHouse");
    let lookups = measure(questions, options.cold, &mut ByClickHouse::new(&mut clickhouse)).await?;
    queries::compare(options, questions, &mut report.queries, &mut clickhouse).await?;
    let versions = clickhouse.versions.clone();
    clickhouse.stop().await?;
    Ok(Theirs { versions, writing, lookups })
}

fn progress(what: &str) {
    eprintln!("{what}");
}
