//! Asking what a rule's query asks: a Logstore through the store or the engine, a resource through the catalog.
//!
//! A query of a rule looks at one range of time of one project of the rule's own account. Nothing is asked beyond limits
//! of time, rows and bytes; an answer that was cut short is told as such. The schedule, trials and explanations ask here.

use std::sync::Arc;
use std::time::Duration;

use alert::{Found, Row};
use catalog::{Catalog, CatalogError};
use futures::StreamExt;
use model::logstore::View;
use model::{AccountId, ErrorKind, Timestamp};
use query::{
    Admission, Cut, Dialect, Engine, Limits, Matcher, Meter, Order, ParseError, QueryError, Question, Scope, Source,
    Statement, Table, Ticket, TooManyQueries, Window, WindowAnswers,
};
use store::{Store, StoreError};

use crate::rows;

/// Rows that go into an alert and the history.
const SHOWN_ROWS_MAX: usize = 100;
/// How long a rule waits for a place among its account's queries.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a rule's query asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `log`, `metric` or `meta`.
    pub store_type: String,
    /// The project's region, for what is told.
    pub region: String,
    /// A project of the rule's account.
    pub project: String,
    /// The Logstore, or the resource of a `meta` query.
    pub store: String,
    /// `search | SQL`.
    pub query: String,
    /// Event time at or after this.
    pub from: Timestamp,
    /// Event time before this.
    pub before: Timestamp,
    /// The role to read another account's project with; empty for the rule's own account.
    pub role: String,
    /// Rows at most.
    pub rows_max: usize,
}

impl Asked {
    /// What is told of it where no row was found.
    pub(crate) fn found_nothing(&self) -> Found {
        Found {
            store_type: self.store_type.clone(),
            region: self.region.clone(),
            project: self.project.clone(),
            store: self.store.clone(),
            query: self.query.clone(),
            start_time: self.from.0.div_euclid(1000),
            end_time: self.before.0.div_euclid(1000),
            rows: Vec::new(),
            row_count: 0,
            is_truncated: false,
        }
    }
}

/// What it found.
#[derive(Debug, Clone)]
pub struct Told {
    /// For the alert and the history.
    pub found: Found,
    /// Every row, at most as many as were asked for.
    pub rows: Vec<Row>,
}

/// A query of a rule that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The query cannot be read.
    #[error("the query cannot be read: {0}")]
    Unreadable(#[from] ParseError),
    /// It asks for what is not there.
    #[error("project {project} has no Logstore {store}")]
    NoLogstore {
        /// The project.
        project: String,
        /// The Logstore.
        store: String,
    },
    /// It asks in another account.
    #[error("role {role} is of another account: a rule reads projects of its own account only")]
    OtherAccount {
        /// The role.
        role: String,
    },
    /// There are no metrics here.
    #[error("store type {store_type:?} is not supported: use log or meta")]
    StoreType {
        /// As the rule has it.
        store_type: String,
    },
    /// SQL is needed and this build has none, or it is asked of a resource.
    #[error("{0}")]
    NoSql(&'static str),
    /// The account asks too much at once.
    #[error(transparent)]
    Busy(#[from] TooManyQueries),
    /// The statement failed.
    #[error("{0}")]
    Statement(#[from] QueryError),
    /// The store failed.
    #[error("the events could not be read")]
    Store(#[from] StoreError),
    /// The catalog failed.
    #[error("the catalog could not be read")]
    Catalog(#[from] CatalogError),
    /// A value could not be shown as text.
    #[error("the answer could not be read")]
    Answer(#[from] arrow::error::ArrowError),
    /// A task of ours ended without an answer.
    #[error("the query broke")]
    Broke,
}

impl AskError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            AskError::Unreadable(_) | AskError::StoreType { .. } | AskError::NoSql(_) => ErrorKind::Invalid,
            AskError::NoLogstore { .. } => ErrorKind::NotFound,
            AskError::OtherAccount { .. } => ErrorKind::Denied,
            AskError::Busy(error) => error.kind(),
            AskError::Statement(error) => error.kind(),
            AskError::Store(error) => error.kind(),
            AskError::Catalog(error) => error.kind(),
            AskError::Answer(_) | AskError::Broke => ErrorKind::Bug,
        }
    }
}

impl Asked {
    /// A rule reads what is its own account's.
    fn check_role(&self, account: AccountId) -> Result<(), AskError> {
        if !self.role.is_empty() && role_account(&self.role) != Some(account) {
            return Err(AskError::OtherAccount { role: self.role.clone() });
        }
        Ok(())
    }
}

/// Asks. Cheap to clone.
#[derive(Clone)]
pub struct Asker {
    catalog: Catalog,
    store: Store,
    engine: Option<Arc<dyn Engine>>,
    admission: Admission,
    limits: Limits,
}

/// Ends the query when whoever asked gives up.
struct Canceller(Arc<Meter>);

impl Drop for Canceller {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Asker {
    /// Asks these parts of the node.
    pub fn new(
        catalog: Catalog,
        store: Store,
        engine: Option<Arc<dyn Engine>>,
        admission: Admission,
        limits: Limits,
    ) -> Asker {
        Asker { catalog, store, engine, admission, limits }
    }

    /// The answer, for a rule of this account.
    pub async fn ask(&self, account: AccountId, asked: &Asked, now: Timestamp) -> Result<Told, AskError> {
        asked.check_role(account)?;
        let statement = query::parse(&asked.query)?;
        let (rows, is_truncated) = match asked.store_type.as_str() {
            "log" => self.ask_logstore(account, asked, statement, now).await?,
            "meta" => self.ask_resource(account, asked, &statement).await?,
            _ => return Err(AskError::StoreType { store_type: asked.store_type.clone() }),
        };
        let shown = rows.iter().take(SHOWN_ROWS_MAX).cloned().collect();
        let found = Found { rows: shown, row_count: rows.len(), is_truncated, ..asked.found_nothing() };
        Ok(Told { found, rows })
    }

    /// A place among the account's queries, for whoever reads events for longer than one question.
    pub(crate) async fn place(&self, account: AccountId) -> Result<Ticket, AskError> {
        Ok(self.admission.admit(account, PATIENCE).await?)
    }

    /// What a Logstore of the account shows now.
    pub async fn view(&self, account: AccountId, project: &str, store: &str, now: Timestamp) -> Result<View, AskError> {
        let found = self.catalog.logstore_find(account, project, store).await?;
        let missing = || AskError::NoLogstore { project: project.to_owned(), store: store.to_owned() };
        Ok(self.catalog.logstore_view(&found.ok_or_else(missing)?, now).await?)
    }

    /// What a query's Logstore shows to the rule's account.
    pub(crate) async fn own_view(&self, account: AccountId, asked: &Asked, now: Timestamp) -> Result<View, AskError> {
        asked.check_role(account)?;
        self.view(account, &asked.project, &asked.store, now).await
    }

    /// What a statement answers for many windows within a query's range. Whoever asks has a [`Asker::place`].
    pub(crate) async fn windows(
        &self,
        account: AccountId,
        asked: &Asked,
        statement: &Statement,
        windows: Vec<Window>,
        meter: Arc<Meter>,
        now: Timestamp,
    ) -> Result<WindowAnswers, AskError> {
        let view = Arc::new(self.own_view(account, asked, now).await?);
        Ok(self.engine()?.answer_windows(question(asked, statement, view, meter), windows).await?)
    }

    async fn ask_logstore(
        &self,
        account: AccountId,
        asked: &Asked,
        statement: Statement,
        now: Timestamp,
    ) -> Result<(Vec<Row>, bool), AskError> {
        let view = Arc::new(self.view(account, &asked.project, &asked.store, now).await?);
        let _ticket = self.admission.admit(account, PATIENCE).await?;
        let meter = Arc::new(Meter::new(Limits { rows: asked.rows_max, ..self.limits }));
        let _canceller = Canceller(meter.clone());
        match statement.sql {
            Some(_) => self.state(asked, &statement, view, meter).await,
            None => self.search(asked, statement, view, meter).await,
        }
    }

    async fn search(
        &self,
        asked: &Asked,
        statement: Statement,
        view: Arc<View>,
        meter: Arc<Meter>,
    ) -> Result<(Vec<Row>, bool), AskError> {
        let scope = Scope { view, from: asked.from, before: asked.before, search: statement.search };
        let (store, rows_max) = (self.store.clone(), asked.rows_max);
        let read = move || store.search(&scope, Order::NewestFirst, None, 0, rows_max, &meter);
        let page = tokio::task::spawn_blocking(read).await.map_err(|_| AskError::Broke)??;
        if let Some(cut) = page.cut {
            // Part of the events would be another answer.
            return Err(AskError::Store(StoreError::Cut(cut)));
        }
        Ok((page.events.iter().map(|owned| alert::stream::row(&owned.found.event)).collect(), page.more))
    }

    async fn state(
        &self,
        asked: &Asked,
        statement: &Statement,
        view: Arc<View>,
        meter: Arc<Meter>,
    ) -> Result<(Vec<Row>, bool), AskError> {
        let mut answer = self.engine()?.answer(question(asked, statement, view, meter)).await?;
        let mut rows = Vec::new();
        while let Some(batch) = answer.batches.next().await {
            match batch {
                Ok(batch) => rows::append(&batch, &mut rows, asked.rows_max)?,
                Err(QueryError::Cut(Cut::Rows(_))) => return Ok((rows, true)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok((rows, false))
    }

    fn engine(&self) -> Result<&Arc<dyn Engine>, AskError> {
        let no_sql = AskError::NoSql("this node was built without SQL: use a query without a `|`");
        self.engine.as_ref().ok_or(no_sql)
    }

    /// A resource's records that the search holds for.
    async fn ask_resource(
        &self,
        account: AccountId,
        asked: &Asked,
        statement: &Statement,
    ) -> Result<(Vec<Row>, bool), AskError> {
        if statement.sql.is_some() {
            return Err(AskError::NoSql("SQL over a resource is not supported: use a search, or * for every record"));
        }
        let matcher = Matcher::new(&statement.search);
        let records = self.catalog.resource_record_list(account, &asked.store).await?;
        let mut rows: Vec<Row> = records
            .iter()
            .filter(|record| matcher.holds(record.value.as_bytes()))
            .take(asked.rows_max + 1)
            .map(rows::of_record)
            .collect();
        let is_truncated = rows.len() > asked.rows_max;
        rows.truncate(asked.rows_max);
        Ok((rows, is_truncated))
    }
}

/// What a statement asks of a Logstore.
fn question(asked: &Asked, statement: &Statement, view: Arc<View>, meter: Arc<Meter>) -> Question {
    Question {
        sql: statement.sql.as_ref().map_or_else(String::new, |sql| sql.text.clone()),
        dialect: Dialect::LogService,
        tables: vec![Table { name: asked.store.clone(), source: Source::Events(view) }],
        search: statement.search.clone(),
        from: asked.from,
        before: asked.before,
        meter,
    }
}

/// The account of `acs:ram::<account>:role/<name>`.
fn role_account(arn: &str) -> Option<AccountId> {
    arn.strip_prefix("acs:ram::")?.split_once(":role/")?.0.parse().ok()
}

#[cfg(test)]
mod tests;
