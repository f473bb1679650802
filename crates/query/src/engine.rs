//! Who answers the SQL part: the contract between those who ask (gateway, PostgreSQL wire, command line, alerts) and
//! the one crate that knows DataFusion.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;
use model::logstore::View;
use model::{ErrorKind, Timestamp};

use crate::{Cut, Meter, Search};

/// Which dialect a statement is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Log Service's: Presto's functions, FROM may be left out, `LIMIT offset,count`, 100 rows when no LIMIT is given.
    LogService,
    /// PostgreSQL's names and types, catalogs included; no limit of its own.
    Postgres,
}

/// A table of a question.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name; compared without regard to case unless quoted.
    pub name: String,
    /// What is in it.
    pub source: Source,
}

/// What a table shows.
#[derive(Debug, Clone)]
pub enum Source {
    /// Events of a view.
    Events(Arc<View>),
    /// A warehouse table at this location; opened by the engine's own means.
    Warehouse {
        /// Its account's project, `actiontrail_<account>`.
        project: String,
        /// Where it lies, as the warehouse names it.
        location: String,
    },
}

/// A statement and what it may see.
#[derive(Clone)]
pub struct Question {
    /// The statement, without the search part.
    pub sql: String,
    /// Its dialect.
    pub dialect: Dialect,
    /// Everything it may name. The first is also called `log`.
    pub tables: Vec<Table>,
    /// Applied to the first table before the statement sees it.
    pub search: Search,
    /// Event time at or after this, for every table of events.
    pub from: Timestamp,
    /// Event time before this.
    pub before: Timestamp,
    /// What it may cost.
    pub meter: Arc<Meter>,
}

/// Rows, as they are found.
pub struct Answer {
    /// The columns.
    pub schema: SchemaRef,
    /// The rows. A stream that ends with an error was not complete. Dropping it ends the query.
    pub batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
}

/// A stretch of time a statement is asked about, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Event time at or after this.
    pub from: Timestamp,
    /// Event time before this.
    pub before: Timestamp,
    /// What `now()` says.
    pub now: Timestamp,
}

/// What a statement finds in a window.
#[derive(Debug)]
pub enum WindowAnswer {
    /// What it found in the window before: both hold the same events.
    Same,
    /// These rows.
    Rows {
        /// The rows.
        batches: Vec<RecordBatch>,
        /// Why there are no more, if there would have been.
        cut: Option<Cut>,
    },
}

/// The answers of windows, in their order. An error is about its window alone; only behind a [`QueryError::Cut`] there is
/// nothing more. Dropping it ends the query.
pub type WindowAnswers = BoxStream<'static, Result<WindowAnswer, QueryError>>;

/// A statement was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It cannot be read. `position` counts characters from 0 within the statement.
    #[error("{message} at position {position}")]
    Syntax {
        /// Where.
        position: usize,
        /// What was found and what was expected.
        message: String,
    },
    /// It names what is not there, or mixes types.
    #[error("{message}")]
    Invalid {
        /// What and what to do.
        message: String,
    },
    /// It would change something.
    #[error("{statement} is not possible here: everything is read-only")]
    ReadOnly {
        /// The statement's first word.
        statement: String,
    },
    /// It reached a limit.
    #[error("the query was ended: {0}")]
    Cut(Cut),
    /// It needs more memory than a query may have.
    #[error("the query was ended: it needs more than {} MiB of memory", limit_bytes >> 20)]
    Memory {
        /// The limit.
        limit_bytes: usize,
    },
    /// The store could not be read, or we made a mistake.
    #[error("the query failed")]
    Failed {
        /// What sort of failure.
        kind: ErrorKind,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl QueryError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            QueryError::Syntax { .. } | QueryError::Invalid { .. } | QueryError::ReadOnly { .. } => ErrorKind::Invalid,
            QueryError::Cut(_) | QueryError::Memory { .. } => ErrorKind::Throttled,
            QueryError::Failed { kind, .. } => *kind,
        }
    }
}

/// Answers statements.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Plans the statement and starts to answer it.
    async fn answer(&self, question: Question) -> Result<Answer, QueryError>;

    /// Answers the statement for each of these windows as if it had been asked alone, and reads every event once. Neither end of
    /// a window may lie before the same end of the one before it; the question's own range must hold them all. Its meter
    /// counts for all windows together, its limit of rows for each by itself.
    async fn answer_windows(&self, question: Question, windows: Vec<Window>) -> Result<WindowAnswers, QueryError>;

    /// The columns it would have, without running it: what a driver asks before it binds parameters.
    async fn describe(&self, question: Question) -> Result<SchemaRef, QueryError>;
}
