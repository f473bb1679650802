//! From a statement to its answer: who asks, what they may see, what it may cost; then the engine, then rows.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow_pg::datatypes::arrow_schema_to_pg_fields;
use host::Clock;
use identity::{Context, Identity};
use model::{AccountId, Timestamp};
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse, Response, Tag};
use pgwire::error::PgWireResult;
use pgwire::messages::response::TransactionStatus;
use query::tables::with_short_names;
use query::{Admission, Cut, Dialect, Engine, Limits, Meter, Question, Search, Tables};
use tokio::time::Instant;

use crate::errors::{self, failed};
use crate::metrics::PostgresMetrics;
use crate::parameters::Filled;
use crate::rows::{self, Rows};
use crate::session::Session;
use crate::settings::Settings;
use crate::statements::Statement;

/// How long a query waits for those of its account that are in work.
const TURN_PATIENCE: Duration = Duration::from_secs(2);

/// What answers statements; shared by all connections.
pub(crate) struct Desk {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) identity: Identity,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) admission: Admission,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: PostgresMetrics,
}

impl Desk {
    /// Answers one statement.
    pub(crate) async fn run(
        &self,
        session: &Session,
        statement: &Statement,
        filled: &Filled,
        format: &Format,
        status: TransactionStatus,
    ) -> PgWireResult<Response> {
        let outcome = self.answered(session, statement, filled, format, status).await;
        self.metrics.answered(outcome.is_ok());
        outcome
    }

    async fn answered(
        &self,
        session: &Session,
        statement: &Statement,
        filled: &Filled,
        format: &Format,
        status: TransactionStatus,
    ) -> PgWireResult<Response> {
        let has_failed = matches!(status, TransactionStatus::Error);
        if has_failed && !matches!(statement, Statement::End { .. }) {
            let message = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(failed(errors::IN_FAILED_TRANSACTION, message));
        }
        Ok(match statement {
            Statement::Question => Response::Query(self.question(session, filled, format).await?),
            Statement::Change(word) => {
                let message = format!("{word} is not possible here: everything is read-only");
                return Err(failed(errors::READ_ONLY, message));
            }
            Statement::Begin => Response::TransactionStart(Tag::new("BEGIN")),
            Statement::End { is_commit } => {
                let tag = if *is_commit && !has_failed { "COMMIT" } else { "ROLLBACK" };
                Response::TransactionEnd(Tag::new(tag))
            }
            Statement::Set { name, value } => {
                session.settings(|settings| settings.set(name, value.as_deref()))?;
                Response::Execution(Tag::new(if value.is_some() { "SET" } else { "RESET" }))
            }
            Statement::Show(name) => Response::Query(show(session, name.as_deref())?),
            Statement::Nothing(tag) => {
                if matches!(*tag, "RESET" | "DISCARD ALL") {
                    session.settings(|settings| *settings = Settings::default());
                }
                Response::Execution(Tag::new(tag))
            }
            Statement::Deallocate(_) => Response::Execution(Tag::new("DEALLOCATE")),
        })
    }

    /// The columns a statement would answer with.
    pub(crate) async fn columns(
        &self,
        session: &Session,
        statement: &Statement,
        filled: &Filled,
        format: &Format,
    ) -> PgWireResult<Vec<FieldInfo>> {
        match statement {
            Statement::Question => {
                let (question, _) = self.asked(session, filled).await?;
                let schema = self.engine.describe(question).await;
                let schema = schema.map_err(|error| errors::query(error, |position| filled.place(position)))?;
                fields(&schema, format)
            }
            Statement::Show(name) => Ok(rows::text_fields(&show_columns(name.as_deref()))),
            _ => Ok(Vec::new()),
        }
    }

    /// The longest a statement of this session may take.
    pub(crate) fn time(&self, session: &Session) -> Duration {
        let own = session.settings(|settings| settings.timeout());
        own.map_or(self.limits.time, |own| own.min(self.limits.time))
    }

    async fn question(&self, session: &Session, filled: &Filled, format: &Format) -> PgWireResult<QueryResponse> {
        let (question, account) = self.asked(session, filled).await?;
        let meter = question.meter.clone();
        let deadline = Instant::now() + meter.limits().time;
        let ticket = self.admission.admit(account, TURN_PATIENCE).await.map_err(errors::too_many)?;
        let cancelled = session.in_work.begin(meter.clone());
        let answer = tokio::select! {
            biased;
            () = cancelled.cancelled() => return Err(errors::cut(Cut::Cancelled)),
            () = tokio::time::sleep_until(deadline) => return Err(errors::cut(Cut::Time(meter.limits().time))),
            answer = self.engine.answer(question) => answer,
        };
        let answer = answer.map_err(|error| errors::query(error, |position| filled.place(position)))?;
        let fields = Arc::new(fields(&answer.schema, format)?);
        let rows = Rows { answer, fields: fields.clone(), meter, deadline, cancelled, ticket };
        Ok(QueryResponse::new(fields, rows.stream()))
    }

    /// The statement as a question of who is connected, as they are now.
    async fn asked(&self, session: &Session, filled: &Filled) -> PgWireResult<(Question, AccountId)> {
        let caller = self.identity.caller_now(&session.standing).map_err(|error| errors::no_longer(&error))?;
        let context =
            Context { source_ip: Some(session.source), now: self.clock.now(), secure_transport: session.is_secure };
        let mut tables = self.tables.tables(caller.account).await.map_err(|error| errors::no_tables(&error))?;
        tables.retain(|table| {
            let (schema, name) = table.path();
            self.identity.may_read_table(&caller, schema, name, &context)
        });
        let question = Question {
            sql: filled.sql.clone(),
            dialect: Dialect::Postgres,
            tables: with_short_names(tables),
            search: Search::All,
            from: Timestamp(i64::MIN),
            before: Timestamp(i64::MAX),
            meter: Arc::new(Meter::new(Limits { time: self.time(session), ..self.limits })),
        };
        Ok((question, caller.account))
    }
}

fn fields(schema: &SchemaRef, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
    arrow_schema_to_pg_fields(schema, format, None)
}

fn show_columns(name: Option<&str>) -> Vec<&str> {
    name.map_or_else(|| vec!["name", "setting", "description"], |name| vec![name])
}

fn show(session: &Session, name: Option<&str>) -> PgWireResult<QueryResponse> {
    let rows = match name {
        Some(name) => vec![vec![session.settings(|settings| settings.get(name))?]],
        None => session.settings(|settings| {
            settings.all().map(|(name, value)| vec![name.to_owned(), value.to_owned(), String::new()]).collect()
        }),
    };
    let mut response = rows::texts(&show_columns(name), rows)?;
    response.set_command_tag("SHOW");
    Ok(response)
}
