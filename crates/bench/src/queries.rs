//! What queries of a Logstore cost: pages, counts, SQL and pulls, as Log Service's clients ask for them, beside the same
//! questions put to ClickHouse.
//!
//! The Logstore shows the busiest account, through a trail and a history job as a user would make them. Each question is
//! asked some times over a kept connection, signed; its median is compared. Both must give the same rows.

mod ask;
mod http;
mod setting;
mod trials;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::clickhouse::ClickHouse;
use crate::options::Options;
use crate::process::Memory;
use crate::questions::Questions;
use crate::report::percentile;
use crate::server::Server;

use ask::Rows;
pub(crate) use ask::{Ask, Kind};
use setting::Logstore;
pub(crate) use trials::Tried;

/// One question, as both answered it.
#[derive(Debug, Serialize)]
pub(crate) struct Queried {
    pub(crate) question: String,
    pub(crate) kind: ask::Kind,
    pub(crate) rows: usize,
    pub(crate) median_ms: f64,
    pub(crate) p95_ms: f64,
    /// ClickHouse's, when it was asked.
    pub(crate) their_median_ms: Option<f64>,
    #[serde(skip)]
    answer: Rows,
}

/// Everything that was measured of queries.
#[derive(Debug, Serialize)]
pub(crate) struct Queries {
    pub(crate) asked: Vec<Queried>,
    pub(crate) pulled: Pulled,
    /// While a statement ran that needs one group for each event.
    pub(crate) heavy: Heavy,
    /// Rules run dry.
    pub(crate) tried: Vec<Tried>,
}

/// Reading the whole Logstore through its cursors.
#[derive(Debug, Serialize)]
pub(crate) struct Pulled {
    pub(crate) events: u64,
    /// Uncompressed bodies.
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    /// Of the node.
    pub(crate) cpu_seconds: f64,
}

impl Pulled {
    /// Uncompressed megabytes for each second of one core.
    pub(crate) fn megabytes_a_core_second(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.cpu_seconds
    }
}

/// What a statement that groups by a unique value did to the node.
#[derive(Debug, Serialize)]
pub(crate) struct Heavy {
    /// `answered`, or the error's code.
    pub(crate) outcome: String,
    pub(crate) seconds: f64,
    /// Resident memory before it, and the most while it ran.
    pub(crate) before: Memory,
    pub(crate) peak_rss_bytes: u64,
}

/// Makes the Logstore and asks the node everything.
pub(crate) async fn measure(options: &Options, questions: &Questions, server: &mut Server) -> Result<Queries> {
    let key = server.key_of(questions.account()).await?;
    let client = server.client_with(&key)?;
    let mut logstore = Logstore::make(&client, server.address(), key, options).await?;
    let mut asked = Vec::new();
    for ask in ask::all(options, questions) {
        let (answer, times) = rounds(&mut logstore, &ask, options.rounds).await.with_context(|| ask.name.clone())?;
        ensure!(!answer.0.is_empty(), "{}: nothing was found, which measures nothing", ask.name);
        asked.push(Queried {
            question: ask.name,
            kind: ask.kind,
            rows: answer.0.len(),
            median_ms: percentile(&times, 50),
            p95_ms: percentile(&times, 95),
            their_median_ms: None,
            answer,
        });
    }
    let pulled = logstore.pull_all(server).await.context("pulling")?;
    let heavy = logstore.heavy(server, options).await.context("a heavy statement")?;
    let tried = trials::all(&client, options).await.context("trials of rules")?;
    Ok(Queries { asked, pulled, heavy, tried })
}

async fn rounds(logstore: &mut Logstore, ask: &Ask, rounds: usize) -> Result<(Rows, Vec<Duration>)> {
    let first = logstore.ask(ask).await?;
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let started = Instant::now();
        let again = logstore.ask(ask).await?;
        times.push(started.elapsed());
        ensure!(again == first, "the same question had another answer the second time");
    }
    Ok((first, times))
}

/// Asks ClickHouse the same, and fails where it finds something else.
pub(crate) async fn compare(
    options: &Options,
    questions: &Questions,
    ours: &mut Queries,
    clickhouse: &mut ClickHouse,
) -> Result<()> {
    for (ask, ours) in ask::all(options, questions).into_iter().zip(&mut ours.asked) {
        let mut times = Vec::new();
        for round in 0..=options.rounds {
            let told = clickhouse.sql(&ask.clickhouse).await.with_context(|| ask.name.clone())?;
            if round == 0 {
                ours.answer.check_same(&Rows(told.rows), &ask)?;
            } else {
                times.push(Duration::from_secs_f64(told.seconds));
            }
        }
        ours.their_median_ms = Some(percentile(&times, 50));
    }
    Ok(())
}

#[cfg(test)]
impl Queries {
    /// A page of ten events that took Cairn `ours_ms`.
    pub(crate) fn of_one_page(ours_ms: f64, their_ms: Option<f64>) -> Queries {
        let page = Queried {
            question: "page: newest 100".to_owned(),
            kind: Kind::Page,
            rows: 10,
            median_ms: ours_ms,
            p95_ms: ours_ms,
            their_median_ms: their_ms,
            answer: Rows(Vec::new()),
        };
        let memory = Memory { resident: 1 << 20, mapped: 0, peak: 2 << 20 };
        let heavy = Heavy { outcome: "answered".to_owned(), seconds: 1.0, before: memory, peak_rss_bytes: 2 << 20 };
        Queries {
            asked: vec![page],
            pulled: Pulled { events: 10, bytes: 200_000_000, seconds: 1.0, cpu_seconds: 4.0 },
            heavy,
            tried: Vec::new(),
        }
    }
}
