//! The extended protocol: statements prepared once, asked with parameters, their rows taken in portions.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{Sink, SinkExt, StreamExt};
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{ExtendedQueryHandler, send_execution_response};
use pgwire::api::results::{DescribePortalResponse, DescribeStatementResponse, FieldInfo, Response, Tag};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, PgWireConnectionState, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{Execute, PortalSuspended};
use pgwire::messages::response::EmptyQueryResponse;

use crate::ask::Desk;
use crate::errors::failed;
use crate::lexer::statements;
use crate::parameters::{self, Filled};
use crate::session::Session;
use crate::statements::Statement;

/// A client that has not taken its rows this long after the query's own time is over is no longer there.
pub(crate) const GRACE: Duration = Duration::from_secs(30);
/// Rows taken from an answer at a time.
const PORTION: usize = 256;

/// A statement that waits to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    sql: String,
    statement: Statement,
}

/// Prepares and asks.
pub(crate) struct Extended(pub(crate) Arc<Desk>);

/// Reads what is to be prepared.
#[derive(Debug)]
pub(crate) struct Reader;

#[async_trait]
impl QueryParser for Reader {
    type Statement = Prepared;

    async fn parse_sql<C>(&self, client: &C, sql: &str, _types: &[Option<Type>]) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        Session::of(client)?;
        match statements(sql).as_slice() {
            [] => Ok(None),
            [one] => {
                // The text before it stays, so that positions are those of what was sent.
                let statement = Statement::read(&sql[one.clone()]);
                Ok(Some(Prepared { sql: sql[..one.end].to_owned(), statement }))
            }
            _ => Err(failed("42601", "cannot insert multiple commands into a prepared statement")),
        }
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        Ok(vec![Type::TEXT; parameters::count(&prepared.sql)])
    }

    /// Told by [`Extended`], which can ask the engine.
    fn get_result_schema(&self, _prepared: &Prepared, _format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ExtendedQueryHandler for Extended {
    type Statement = Prepared;
    type QueryParser = Reader;

    fn query_parser(&self) -> Arc<Reader> {
        Arc::new(Reader)
    }

    async fn do_describe_statement<C>(
        &self,
        client: &mut C,
        target: &StoredStatement<Prepared>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = Session::of(client)?;
        let prepared = &target.statement;
        let declared = |index: usize| target.parameter_types.get(index).and_then(Option::as_ref);
        let filled = Filled::new(&prepared.sql, |index| Ok(parameters::unknown(declared(index))))?;
        let columns = self.0.columns(&session, &prepared.statement, &filled, &Format::UnifiedText).await?;
        let count = parameters::count(&prepared.sql).max(target.parameter_types.len());
        let types = (0..count).map(|index| declared(index).cloned().unwrap_or(Type::TEXT)).collect();
        Ok(DescribeStatementResponse::new(types, columns))
    }

    async fn do_describe_portal<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = Session::of(client)?;
        let prepared = &portal.statement.statement;
        let filled = Filled::new(&prepared.sql, |index| parameters::literal(portal, index))?;
        let format = &portal.result_column_format;
        Ok(DescribePortalResponse::new(self.0.columns(&session, &prepared.statement, &filled, format).await?))
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Prepared>, _max_rows: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = Session::of(client)?;
        let prepared = &portal.statement.statement;
        if let Statement::Deallocate(Some(name)) = &prepared.statement {
            client.portal_store().rm_statement(name);
        }
        let filled = Filled::new(&prepared.sql, |index| parameters::literal(portal, index))?;
        let status = client.transaction_status();
        self.0.run(&session, &prepared.statement, &filled, &portal.result_column_format, status).await
    }

    /// Ours, because the library's holds all rows of a portal in memory before it sends the first.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = Session::of(client)?;
        if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        let _at_work = session.at_work(self.0.time(&session) + GRACE);
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        match client.portal_store().get_portal(name) {
            Some(Entry::Value(portal)) => self.execute(client, &portal, message.max_rows).await?,
            Some(Entry::Empty) => {
                client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
            }
            None => return Err(PgWireError::PortalNotFound(name.to_owned())),
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }
}

impl Extended {
    async fn execute<C>(&self, client: &mut C, portal: &Portal<Prepared>, max_rows: i32) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let is_new = matches!(*portal.state().lock().await, PortalExecutionState::Initial);
        if is_new {
            let status = client.transaction_status();
            match self.do_query(client, portal, 0).await? {
                Response::Query(rows) => portal.start(rows).await,
                Response::TransactionStart(tag) => {
                    client.set_transaction_status(status.to_in_transaction_state());
                    return send_execution_response(client, tag).await;
                }
                Response::TransactionEnd(tag) => {
                    client.set_transaction_status(status.to_idle_state());
                    return send_execution_response(client, tag).await;
                }
                Response::Execution(tag) => return send_execution_response(client, tag).await,
                _ => return Ok(()),
            }
        }
        // Zero, and what is below, means all of them.
        let most = usize::try_from(max_rows).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
        let (mut sent, mut tag) = (0, "SELECT".to_owned());
        loop {
            let mut portion = portal.fetch(PORTION.min(most - sent)).await?;
            if sent == 0 {
                tag = portion.response.command_tag().to_owned();
            }
            while let Some(row) = portion.response.data_rows().next().await {
                client.feed(PgWireBackendMessage::DataRow(row?)).await?;
                sent += 1;
            }
            if !portion.suspended {
                let tag = Tag::new(&tag).with_rows(sent);
                return Ok(client.feed(PgWireBackendMessage::CommandComplete(tag.into())).await?);
            }
            if sent == most {
                return Ok(client.feed(PgWireBackendMessage::PortalSuspended(PortalSuspended::new())).await?);
            }
        }
    }
}
