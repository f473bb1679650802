//! `GET /v1/events`: any number of conditions over the whole history, and tails.
//!
//! Recorded as LookupEvents, because that is what it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::rest::GET_EVENTS;
use api::{Arguments, OperationId, Success, WireError, codes, fill_arn};
use axum::extract::State;
use axum::response::Response;
use http::Request as HttpRequest;
use identity::Caller;
use journal::{AppendError, Entry};
use model::limits::RPC_BODY_BYTES_MAX;
use model::{ErrorKind, Seq, Timestamp};
use serde_json::Value;
use store::{Condition, Lookup};
use tracing::{Instrument, info_span};

use super::tail::{self, Tail};
use super::{conditions, reply_fields, signer};
use crate::fault::unexpected;
use crate::gateway::Gateway;
use crate::lookup_token::{self, Window};
use crate::request::Request;
use crate::self_audit::{Recorded, record};
use crate::taken::take;
use crate::{authorize, reply, search};

/// `GET /v1/events`.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, http: HttpRequest<axum::body::Body>) -> Response {
    let started = Instant::now();
    let taken = take(&gateway, http, RPC_BODY_BYTES_MAX).await;
    let request = &taken.request;
    let outcome = match taken.error(&gateway) {
        Some(error) => Err(error),
        None => called(&gateway, request).instrument(info_span!("request", id = request.id)).await,
    };
    let response = match outcome {
        Ok(success) => reply::json(request, &success),
        Err(error) => reply::error(request, None, &error),
    };
    gateway.metrics.answered("GetEvents", response.status().as_u16(), started.elapsed());
    response
}

/// The call with its record.
async fn called(gateway: &Gateway, request: &Request) -> Result<Success, WireError> {
    let caller = signer(gateway, request)?;
    gateway.auditor.check_ready()?;
    let place = gateway.auditor.reserve()?;
    match question(gateway, request, &caller) {
        Ok(Question::Tail(tail)) => {
            drop(place);
            // Before the tail looks for its place, so that one that starts at the head does not begin with itself.
            if gateway.tails.is_due(&tail::key(request, &caller), request.received) {
                gateway.auditor.write(entry(gateway, request, &caller, None)?).await.map_err(not_recorded)?;
            }
            tail::follow(gateway, &caller, tail).await
        }
        Ok(Question::Page(page)) => {
            let outcome = page.answer(gateway, &caller).await;
            place.fill(entry(gateway, request, &caller, outcome.as_ref().err())?);
            outcome
        }
        Err(error) => {
            place.fill(entry(gateway, request, &caller, Some(&error))?);
            Err(error)
        }
    }
}

fn entry(gateway: &Gateway, request: &Request, caller: &Caller, error: Option<&WireError>) -> Result<Entry, WireError> {
    let operation = OperationId::LookupEvents.operation();
    let recorded = record(&Recorded { request, caller, operation, reply: None, error }, &*gateway.random);
    recorded.map_err(|refusal| unexpected(&refusal, ErrorKind::Bug))
}

fn not_recorded(error: AppendError) -> WireError {
    let kind = error.kind();
    unexpected(&error, kind)
}

/// What was asked.
enum Question {
    Page(PageQuestion),
    Tail(Tail),
}

/// A lookup, and what its token needs.
struct PageQuestion {
    lookup: Lookup,
    window: Window,
    parameters: String,
}

fn question(gateway: &Gateway, request: &Request, caller: &Caller) -> Result<Question, WireError> {
    let arn = fill_arn(GET_EVENTS.resource, |name| match name {
        "region" => Some(request.region.id.clone()),
        _ => Some(caller.account.as_str().to_owned()),
    });
    authorize::allowed(gateway, request, caller, GET_EVENTS.permission, &arn)?;
    let arguments = Arguments::check(GET_EVENTS.params, &request.given, codes::INVALID_PARAMETER, None)?;
    let conditions = conditions::read(&request.given)?;
    let limit = arguments.integer("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1);
    let Some(after) = arguments.text("after") else {
        search::count_lookup(gateway, caller.account)?;
        return PageQuestion::read(gateway, request, caller, &arguments, conditions, limit).map(Question::Page);
    };
    tail::refuse_window(&request.given)?;
    let wait = arguments.integer("wait").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
    Ok(Question::Tail(Tail {
        after: after.parse().map(Seq).ok(),
        wait: Duration::from_secs(wait),
        limit,
        conditions: Arc::new(conditions),
    }))
}

impl PageQuestion {
    fn read(
        gateway: &Gateway,
        request: &Request,
        caller: &Caller,
        arguments: &Arguments,
        conditions: Vec<Condition>,
        limit: usize,
    ) -> Result<PageQuestion, WireError> {
        let (start, end) = (arguments.time("start"), arguments.time("end"));
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            let message = format!("end {end} lies before start {start}.");
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
        let history_start = search::history_start(gateway, request.received);
        search::check_start(start.unwrap_or(history_start), history_start)?;
        let given =
            Window { from: start.unwrap_or(history_start), through: end.map_or(Timestamp::MAX, search::window_end) };
        let unchanging = request.given.pairs().filter(|(name, _)| *name != "next");
        let parameters = lookup_token::digest("events", unchanging);
        let (window, after) = match arguments.text("next") {
            None => (given, None),
            Some(token) => {
                let place = lookup_token::decode(token, caller.account, &parameters)
                    .map_err(|fault| codes::INVALID_PARAMETER.because(fault.to_string()))?;
                (place.window, Some(place.after))
            }
        };
        let newest_first = arguments.text("direction") != Some("forward");
        let (from, through) = (window.from, window.through);
        let lookup = Lookup { account: caller.account, from, through, conditions, newest_first, after, limit };
        Ok(PageQuestion { lookup, window, parameters })
    }

    async fn answer(self, gateway: &Gateway, caller: &Caller) -> Result<Success, WireError> {
        let page = search::page(gateway, self.lookup).await?;
        let last = page.events.last().filter(|_| page.more);
        let next = last.map(|last| lookup_token::encode(caller.account, last, self.window, &self.parameters));
        Ok(Success::from_text(reply_fields(&page.events, next.map(|next| ("NextToken", Value::from(next))))))
    }
}
