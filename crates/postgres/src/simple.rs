//! The simple protocol: a text with one or more statements, answered in turn, everything as text.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::portal::Format;
use pgwire::api::query::{SimpleQueryHandler, send_execution_response, send_query_response, send_ready_for_query};
use pgwire::api::results::Response;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::EmptyQueryResponse;
use pgwire::messages::simplequery::Query;

use crate::ask::Desk;
use crate::extended::GRACE;
use crate::lexer::statements;
use crate::parameters::Filled;
use crate::session::Session;
use crate::statements::Statement;

/// Answers texts.
pub(crate) struct Simple(pub(crate) Arc<Desk>);

#[async_trait]
impl SimpleQueryHandler for Simple {
    /// Ours, so that the rows of one statement are out before the next one begins.
    async fn on_query<C>(&self, client: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = Session::of(client)?;
        if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        let ranges = statements(&query.query);
        if ranges.is_empty() {
            client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
        }
        for range in ranges {
            self.answer(client, &session, &query.query, range).await?;
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        let status = client.transaction_status();
        send_ready_for_query(client, status).await
    }

    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = Session::of(client)?;
        let filled = Filled::plain(query, 0);
        let status = client.transaction_status();
        let format = Format::UnifiedText;
        Ok(vec![self.0.run(&session, &Statement::read(query), &filled, &format, status).await?])
    }
}

impl Simple {
    async fn answer<C>(&self, client: &mut C, session: &Session, sent: &str, range: Range<usize>) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let before = sent[..range.start].chars().count();
        let sql = &sent[range];
        let statement = Statement::read(sql);
        let _at_work = session.at_work(self.0.time(session) + GRACE);
        if let Statement::Deallocate(Some(name)) = &statement {
            client.portal_store().rm_statement(name);
        }
        let status = client.transaction_status();
        let filled = Filled::plain(sql, before);
        match self.0.run(session, &statement, &filled, &Format::UnifiedText, status).await? {
            Response::Query(rows) => send_query_response(client, rows, true).await,
            Response::TransactionStart(tag) => {
                client.set_transaction_status(status.to_in_transaction_state());
                send_execution_response(client, tag).await
            }
            Response::TransactionEnd(tag) => {
                client.set_transaction_status(status.to_idle_state());
                send_execution_response(client, tag).await
            }
            Response::Execution(tag) => send_execution_response(client, tag).await,
            _ => Ok(()),
        }
    }
}
