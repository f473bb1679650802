//! A store on a temporary folder with an engine over it.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use catalog::Catalog;
use engine::SqlEngine;
use engine::events::StoreEvents;
use futures::StreamExt;
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use journal::{Entry, Writer};
use model::logstore::View;
use model::{AccountId, Event, Timestamp};
use query::{Dialect, Engine, Limits, Meter, QueryError, Question, Source, Table, Window, WindowAnswer, parse};
use store::{Config, Store};
use tempfile::TempDir;

pub(crate) const ACCOUNT: &str = "123837392027";

pub(crate) struct Node {
    pub(crate) engine: SqlEngine,
    store: Store,
    writer: Writer,
    _folder: TempDir,
}

/// Rows as texts, NULL as `None`.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

impl Node {
    pub(crate) async fn open() -> Node {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::in_memory().await.unwrap();
        let config = Config { merge_segments: 2, recent_age: Duration::from_secs(3600), ..Config::default() };
        let (disk, clock, metrics) = (Arc::new(RealDisk), Arc::new(SystemClock), Metrics::default());
        let opened = Store::open(config, folder.path(), disk, catalog, clock, &metrics).await;
        let (store, writer) = opened.unwrap();
        let engine = SqlEngine::new(store.clone()).unwrap();
        Node { engine, store, writer, _folder: folder }
    }

    pub(crate) async fn put(&self, lines: &[String]) {
        let account: AccountId = ACCOUNT.parse().unwrap();
        let entry = |line: &String| Entry { account, event: Event::parse(Bytes::from(line.clone())).unwrap() };
        self.writer.append(lines.iter().map(entry).collect()).await.unwrap();
    }

    /// What the engine reads.
    pub(crate) fn events(&self) -> StoreEvents {
        StoreEvents::new(self.store.clone())
    }

    /// Everything in memory becomes a segment.
    pub(crate) async fn settle(&self) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.settle()).await.unwrap().unwrap();
    }

    pub(crate) async fn close(self) {
        self.writer.stop();
        self.store.shut_down().await;
    }

    /// The names of the columns and the rows of a whole query.
    pub(crate) async fn ask(&self, text: &str) -> Result<(Vec<String>, Rows), QueryError> {
        self.ask_within(text, limits()).await
    }

    pub(crate) async fn ask_within(&self, text: &str, limits: Limits) -> Result<(Vec<String>, Rows), QueryError> {
        let mut answer = self.engine.answer(question(text, limits)).await?;
        let names = answer.schema.fields().iter().map(|field| field.name().clone()).collect();
        let mut rows = Rows::new();
        while let Some(batch) = answer.batches.next().await {
            rows.extend(texts(&batch?));
        }
        Ok((names, rows))
    }

    /// The rows of a query that works, each joined with `|`.
    pub(crate) async fn rows(&self, text: &str) -> Vec<String> {
        let (_, rows) = self.ask(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        lines(rows)
    }

    /// The rows of each window, those of the window before where they are the same, and how many were worked out.
    pub(crate) async fn windows(
        &self,
        text: &str,
        windows: &[Window],
        limits: Limits,
    ) -> (Vec<Result<Vec<String>, QueryError>>, usize) {
        let asked = self.engine.answer_windows(question(text, limits), windows.to_vec()).await;
        let mut answers = asked.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let mut told: Vec<Result<Vec<String>, QueryError>> = Vec::new();
        let mut made = 0;
        while let Some(answer) = answers.next().await {
            told.push(match answer {
                Ok(WindowAnswer::Same) => Ok(told.last().unwrap().as_ref().unwrap().clone()),
                Ok(WindowAnswer::Rows { batches, .. }) => {
                    made += 1;
                    Ok(lines(batches.iter().flat_map(texts).collect()))
                }
                Err(error) => Err(error),
            });
        }
        (told, made)
    }
}

/// Each row joined with `|`.
pub(crate) fn lines(rows: Rows) -> Vec<String> {
    let cell = |cell: Option<String>| cell.unwrap_or_else(|| "NULL".to_owned());
    rows.into_iter().map(|row| row.into_iter().map(cell).collect::<Vec<_>>().join("|")).collect()
}

pub(crate) fn limits() -> Limits {
    Limits { time: Duration::from_secs(60), rows: 100_000, scanned_bytes: 1 << 40, memory_bytes: 512 << 20 }
}

pub(crate) fn question(text: &str, limits: Limits) -> Question {
    let statement = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let view = Arc::new(View::of_account(ACCOUNT.parse().unwrap()));
    Question {
        sql: statement.sql.expect("an SQL part").text,
        dialect: Dialect::LogService,
        tables: vec![Table { name: "actiontrail_all".to_owned(), source: Source::Events(view) }],
        search: statement.search,
        from: Timestamp::MIN,
        before: Timestamp::MAX,
        meter: Arc::new(Meter::new(limits)),
    }
}

pub(crate) fn texts(batch: &RecordBatch) -> Rows {
    let options = FormatOptions::default();
    let formatters: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    let cell = |row: usize, column: usize| {
        let is_null = arrow::array::Array::is_null(batch.column(column), row);
        (!is_null).then(|| formatters[column].value(row).to_string())
    };
    (0..batch.num_rows()).map(|row| (0..batch.num_columns()).map(|column| cell(row, column)).collect()).collect()
}
