//! `POST /v1/query`: a question in SQL or in the query language; its rows as Arrow, as they are found.
//!
//! The body is an Arrow IPC stream and behind its end one JSON object that says whether these are all the rows. An answer
//! without that object broke off. Recorded as LookupEvents, because that is what it is.

mod question;
mod rows;

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::rest::QUERY;
use api::{Arguments, OperationId, WireError, codes};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Request as HttpRequest;
use http::header::CONTENT_TYPE;
use identity::{Caller, Context};
use journal::Entry;
use model::ErrorKind;
use model::limits::RPC_BODY_BYTES_MAX;
use query::QueryError;
use tracing::{Instrument, error, info_span, warn};

use crate::events::signer;
use crate::fault::{chain, unexpected};
use crate::gateway::Gateway;
use crate::reply;
use crate::request::Request;
use crate::self_audit::{Recorded, record};
use crate::taken::take;

/// How long a query waits for those of its account that are in work.
const TURN_PATIENCE: Duration = Duration::from_secs(2);
const ARROW: &str = "application/vnd.apache.arrow.stream";

/// `POST /v1/query`.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, http: HttpRequest<Body>) -> Response {
    let started = Instant::now();
    let taken = take(&gateway, http, RPC_BODY_BYTES_MAX).await;
    let request = &taken.request;
    let outcome = match taken.error(&gateway) {
        Some(error) => Err(error),
        None => called(&gateway, request).instrument(info_span!("request", id = request.id)).await,
    };
    let response = match outcome {
        Ok(body) => ([(CONTENT_TYPE, ARROW)], body).into_response(),
        Err(error) => reply::error(request, None, &error),
    };
    gateway.metrics.answered("Query", response.status().as_u16(), started.elapsed());
    response
}

/// The call with its record.
async fn called(gateway: &Gateway, request: &Request) -> Result<Body, WireError> {
    let caller = signer(gateway, request)?;
    gateway.auditor.check_ready()?;
    let place = gateway.auditor.reserve()?;
    let outcome = asked(gateway, request, &caller).await;
    place.fill(entry(gateway, request, &caller, outcome.as_ref().err())?);
    outcome
}

async fn asked(gateway: &Gateway, request: &Request, caller: &Caller) -> Result<Body, WireError> {
    let arguments = Arguments::check(QUERY.params, &request.given, codes::INVALID_PARAMETER, None)?;
    let Some(engine) = gateway.engine.clone() else {
        return Err(codes::INVALID_QUERY.because("This node was built without SQL."));
    };
    let mut tables = gateway.tables.tables(caller.account).await.map_err(|error| {
        let kind = error.kind;
        unexpected(&error, kind)
    })?;
    let context = Context { source_ip: request.source, now: request.received, secure_transport: request.secure };
    tables.retain(|table| {
        let (schema, name) = table.path();
        gateway.identity.may_read_table(caller, schema, name, &context)
    });
    let question = question::read(&arguments, tables, gateway.config.query_limits)?;
    let ticket = gateway.admission.admit(caller.account, TURN_PATIENCE).await;
    let ticket = ticket.map_err(|error| codes::THROTTLING_USER.because(format!("{error}.")))?;
    let meter = question.meter.clone();
    let answer = engine.answer(question).await.map_err(|error| refused(&error))?;
    rows::body(answer, meter, ticket).map_err(|error| unexpected(&error, ErrorKind::Bug))
}

/// Why there is no answer, for the client; the position at its end is what the command line marks.
pub(crate) fn refused(failure: &QueryError) -> WireError {
    match failure {
        QueryError::Syntax { position, message } => {
            codes::INVALID_QUERY.because(format!("{message} (at position {position})"))
        }
        QueryError::Invalid { .. } | QueryError::ReadOnly { .. } => codes::INVALID_QUERY.because(failure.to_string()),
        QueryError::Cut(_) | QueryError::Memory { .. } => codes::QUERY_LIMIT.because(failure.to_string()),
        QueryError::Failed { kind, .. } => {
            match kind {
                ErrorKind::Bug | ErrorKind::Corrupt => error!(error = chain(failure), "a query failed"),
                _ => warn!(error = chain(failure), "a query failed"),
            }
            unexpected(failure, *kind)
        }
    }
}

fn entry(gateway: &Gateway, request: &Request, caller: &Caller, error: Option<&WireError>) -> Result<Entry, WireError> {
    let operation = OperationId::LookupEvents.operation();
    let recorded = record(&Recorded { request, caller, operation, reply: None, error }, &*gateway.random);
    recorded.map_err(|refusal| unexpected(&refusal, ErrorKind::Bug))
}
