//! The RPC endpoint: what happens around every operation of the table.
//!
//! From the moment the caller is known the work runs in a task of its own: a client that hangs up does not stop a
//! change halfway, nor keep it from being recorded. A handler that panics is answered as a failure of ours, and
//! recorded too.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{Access, Arguments, Operation, OperationId, Success, WireError, codes};
use axum::extract::State;
use axum::response::Response;
use futures::FutureExt;
use http::Request as HttpRequest;
use identity::Caller;
use model::limits::RPC_BODY_BYTES_MAX;
use model::{AccountId, ErrorKind};
use tracing::{Instrument, debug, error, info_span};

use crate::fault::{chain, unexpected};
use crate::gateway::Gateway;
use crate::operations::{self, Call};
use crate::request::{BodyFault, Request};
use crate::self_audit::{Place, Recorded, record, record_in};
use crate::taken::{Taken, take};
use crate::{authorize, reply};

/// What a full node tells its clients.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// `/`, any method.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, http: HttpRequest<axum::body::Body>) -> Response {
    let started = Instant::now();
    let taken = take(&gateway, http, RPC_BODY_BYTES_MAX).await;
    if let Some(error) = taken.error(&gateway) {
        gateway.metrics.answered("none", error.status, started.elapsed());
        return reply::error(&taken.request, None, &error);
    }
    let Taken { request, place, .. } = taken;
    let span = info_span!("request", id = request.id);
    let work = async move {
        let (row, outcome) = call(&gateway, &request).await;
        let response = match (&outcome, row) {
            (Ok(success), Some(row)) => reply::success(&request, row, success),
            (Ok(_), None) => unreachable!("only an operation succeeds"),
            (Err(error), row) => reply::error(&request, row, error),
        };
        let name = row.map_or("none", |row| row.name);
        debug!(operation = name, status = response.status().as_u16(), "answered");
        gateway.metrics.answered(name, response.status().as_u16(), started.elapsed());
        drop(place);
        response
    };
    tokio::spawn(work.instrument(span)).await.expect("the task is not cancelled and handlers' panics are caught")
}

/// The error of a node that takes no more requests now.
pub(crate) fn busy(gateway: &Gateway) -> WireError {
    let message = if gateway.shutdown.has_begun() {
        "The node is stopping; try again."
    } else {
        "The node has as many requests as it takes; try again."
    };
    codes::SERVICE_UNAVAILABLE.because(message).retry_after(BUSY_PAUSE)
}

/// The error for a body that was not read.
pub(crate) fn body_error(fault: BodyFault, bytes_max: usize) -> WireError {
    match fault {
        BodyFault::TooLarge => {
            codes::REQUEST_TOO_LARGE.because(format!("The request's body has more than {bytes_max} bytes."))
        }
        BodyFault::TooSlow => codes::REQUEST_TIMEOUT.because("The request's body did not arrive in time."),
        BodyFault::Broken => codes::MALFORMED_BODY.because("The request's body broke off."),
    }
}

/// Who calls.
pub(crate) fn authenticate(gateway: &Gateway, request: &Request) -> Result<Caller, WireError> {
    gateway
        .identity
        .authenticate(&request.signed())
        .map_err(|error| WireError::new(error.code(), error.http_status(), error.to_string()))
}

type Outcome = Result<Success, WireError>;

async fn call(gateway: &Gateway, request: &Request) -> (Option<&'static Operation>, Outcome) {
    if !matches!(request.method.as_str(), "GET" | "POST") {
        let message = format!("The method {} is not supported; use GET or POST.", request.method);
        return (None, Err(codes::UNSUPPORTED_HTTP_METHOD.because(message)));
    }
    let caller = match authenticate(gateway, request) {
        Ok(caller) => caller,
        Err(error) => return (None, Err(error)),
    };
    let row = match find(request) {
        Ok(row) => row,
        Err(error) => return (None, Err(error)),
    };
    let place = match gateway.auditor.check_ready().and_then(|()| match row.access {
        Access::Read => gateway.auditor.reserve().map(Some),
        Access::Write => Ok(None),
    }) {
        Ok(place) => place,
        Err(error) => return (Some(row), Err(error)),
    };
    let work = perform(gateway, request, &caller, row);
    let outcome = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        error!(operation = row.name, "an operation panicked");
        Err(codes::INTERNAL_ERROR.because("The call failed; the node's log has the reason under this request id."))
    });
    (Some(row), recorded(gateway, request, &caller, row, place, outcome).await)
}

fn find(request: &Request) -> Result<&'static Operation, WireError> {
    // The operation's own parameters are checked with it.
    if let Some(name) =
        ["Action", "Version", "RegionId"].into_iter().find(|name| request.given.other_value(name).is_some())
    {
        let message = format!("The parameter {name} is given twice with different values; give it once.");
        return Err(codes::INVALID_PARAMETER.because(message));
    }
    let (name, version) = request.operation();
    let Some(name) = name else {
        return Err(codes::MISSING_PARAMETER.because("The parameter Action is required and was not given."));
    };
    Operation::find(name, version).map_err(|code| {
        let shown: String = name.chars().take(64).collect();
        let version: String = version.unwrap_or("none").chars().take(64).collect();
        code.because(format!("There is no operation {shown:?} of version {version:?}; see /docs/operations."))
    })
}

async fn perform(gateway: &Gateway, request: &Request, caller: &Caller, row: &'static Operation) -> Outcome {
    let callers_name = match &caller.principal {
        identity::Principal::User { name, .. } => Some(name.as_str()),
        _ => None,
    };
    let mut arguments = Arguments::check(row.params, &request.given, row.service.invalid_value(), callers_name)?;
    let account = authorize::account_of(row, caller, &arguments)?;
    if row.is_older() {
        arguments = operations::older::arguments(row, arguments, account)?;
    }
    authorize::decide(gateway, request, caller, row, account, &arguments).await?;
    let done = operations::run(row.id, &Call { gateway, request, caller, row, account, arguments }).await;
    if row.is_older() { done.map(|success| operations::older::reply(row, success)) } else { done }
}

/// Records the call. A change whose event cannot be written is answered as failed, and says that it was done.
async fn recorded(
    gateway: &Gateway,
    request: &Request,
    caller: &Caller,
    row: &'static Operation,
    place: Option<Place>,
    outcome: Outcome,
) -> Outcome {
    let reply = outcome.as_ref().ok().filter(|_| row.access == Access::Write).map(Success::fields);
    let call = Recorded { request, caller, operation: row, reply, error: outcome.as_ref().err() };
    let entry = match record(&call, &*gateway.random) {
        Ok(entry) => entry,
        Err(refusal) => return Err(unexpected(&refusal, ErrorKind::Bug)),
    };
    let copy = entered_account(&call).map(|account| record_in(&call, account, &*gateway.random)).transpose();
    let copy = copy.map_err(|refusal| unexpected(&refusal, ErrorKind::Bug))?;
    match place {
        Some(place) => place.fill(entry),
        None => {
            let mut written = gateway.auditor.write(entry).await;
            if let (Ok(()), Some(copy)) = (&written, copy) {
                written = gateway.auditor.write(copy).await;
            }
            if let Err(error) = written {
                error!(operation = row.name, error = chain(&error), "a changing call could not be recorded");
                let done = if outcome.is_ok() { "was done, but it" } else { "failed, and it" };
                let message = format!("{} {done} could not be recorded: {error}. Look before you repeat it.", row.name);
                return Err(codes::SERVICE_UNAVAILABLE.because(message));
            }
        }
    }
    outcome
}

/// The account whose role somebody of another one became: its owner is told too.
fn entered_account(call: &Recorded<'_>) -> Option<AccountId> {
    let is_entered = call.operation.id == OperationId::AssumeRole && call.error.is_none();
    let arn = call.request.given.get("RoleArn").filter(|_| is_entered)?;
    identity::parse_role_arn(arn).map(|(owner, _)| owner).filter(|owner| *owner != call.caller.account)
}

/// A path with another method than it has.
pub(crate) async fn unsupported_method(
    State(gateway): State<Arc<Gateway>>,
    http: HttpRequest<axum::body::Body>,
) -> Response {
    let message = format!("The method {} is not supported here; see /docs/operations.", http.method());
    refused(&gateway, http, &codes::UNSUPPORTED_HTTP_METHOD.because(message))
}

/// A path there is not.
pub(crate) async fn unknown_path(State(gateway): State<Arc<Gateway>>, http: HttpRequest<axum::body::Body>) -> Response {
    refused(&gateway, http, &codes::PATH_NOT_FOUND.because("There is nothing at this path; see /docs/operations."))
}

fn refused(gateway: &Gateway, http: HttpRequest<axum::body::Body>, error: &WireError) -> Response {
    let (head, _) = http.into_parts();
    let request = Request::new(&head, Default::default(), &gateway.config, &*gateway.clock, &*gateway.random);
    gateway.metrics.answered("none", error.status, Duration::ZERO);
    reply::error(&request, None, error)
}
