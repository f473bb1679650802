//! `POST /v1/events`: events in.
//!
//! Bytes are counted at the door and the permit lives as long as the body, so memory is bounded whatever arrives. The
//! caller is told before anything is decompressed or parsed. Each event stands for itself: those that can be stored
//! are, and the reply names the others. It is sent when the stored ones are on disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::rest::PUT_EVENTS;
use api::{Arguments, Success, WireError, codes};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::Request as HttpRequest;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::request::Parts as HttpParts;
use identity::Caller;
use journal::{AppendError, Entry, Outcome};
use model::event::Refusal;
use model::limits::REQUEST_BYTES_MAX;
use model::{ErrorKind, Event, Timestamp};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument, info_span, warn};

use super::body::{self, Encoding, Shape};
use super::sorted::{self, Addressee};
use super::{signer, unsigned};
use crate::fault::{chain, unexpected};
use crate::gateway::Gateway;
use crate::reply;
use crate::request::{Request, collect};
use crate::rpc::{body_error, busy};

/// What a throttled producer is told when the journal does not say.
const THROTTLED_PAUSE: Duration = Duration::from_secs(1);
/// Bodies of more bytes than this are decompressed and parsed on a blocking thread; below, moving costs more.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// An event of the body that was not stored.
pub(super) struct Refused {
    pub(super) index: usize,
    pub(super) event_id: Option<String>,
    pub(super) refusal: Refusal,
}

/// What a request put.
struct Put {
    accepted: usize,
    duplicates: usize,
    refused: Vec<Refused>,
}

/// `POST /v1/events`.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, http: HttpRequest<axum::body::Body>) -> Response {
    let started = Instant::now();
    let (head, body) = http.into_parts();
    let (request, outcome) = receive(&gateway, &head, body).await;
    let response = match outcome {
        Ok(put) => reply::json(&request, &Success::from_object(&put.shown())),
        Err(error) => reply::error(&request, None, &error),
    };
    gateway.metrics.answered("PutEvents", response.status().as_u16(), started.elapsed());
    response
}

/// The request and what became of it. The request exists even when the body could not be read, so that the error can
/// be answered in its format.
async fn receive(gateway: &Gateway, head: &HttpParts, body: axum::body::Body) -> (Request, Result<Put, WireError>) {
    let make = |body| Request::new(head, body, &gateway.config, &*gateway.clock, &*gateway.random);
    let Some(_place) = gateway.limits.admit_request() else { return (make(Bytes::new()), Err(busy(gateway))) };
    let door = match Door::open(gateway, head) {
        Ok(door) => door,
        Err(error) => return (make(Bytes::new()), Err(error)),
    };
    let patience = Duration::from_secs(gateway.config.body_seconds_max);
    let body = match collect(body, REQUEST_BYTES_MAX, patience).await {
        Ok(body) => body,
        Err(fault) => return (make(Bytes::new()), Err(body_error(fault, REQUEST_BYTES_MAX))),
    };
    let request = make(body);
    let span = info_span!("request", id = request.id);
    let put = put(gateway, &request, door).instrument(span).await;
    (request, put)
}

/// What is known from the request's head, before its body is read.
struct Door {
    encoding: Encoding,
    shape: Shape,
    /// Set when the caller showed an ingest token; a signature needs the body.
    bearer: Option<Caller>,
    room: OwnedSemaphorePermit,
}

impl Door {
    fn open(gateway: &Gateway, head: &HttpParts) -> Result<Door, WireError> {
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = bearer(gateway, text(AUTHORIZATION).unwrap_or_default())?;
        let encoding = body::encoding(whole(head, &CONTENT_ENCODING).as_deref())?;
        let shape = body::shape(whole(head, &CONTENT_TYPE).as_deref())?;
        let stated = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        if stated.is_some_and(|bytes| bytes > REQUEST_BYTES_MAX) {
            return Err(body::too_large());
        }
        let wire_bytes = stated.unwrap_or(REQUEST_BYTES_MAX);
        let plain_bytes = if encoding == Encoding::Plain { 0 } else { REQUEST_BYTES_MAX };
        let room = gateway.limits.admit_bytes(wire_bytes + plain_bytes).ok_or_else(|| {
            codes::THROTTLING.because("Too many events are on their way; try again.").retry_after(THROTTLED_PAUSE)
        })?;
        Ok(Door { encoding, shape, bearer, room })
    }
}

/// A header's value as it would read on one line: what was sent twice, or is no text, must not be taken for less.
fn whole(head: &HttpParts, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = head.headers.get_all(name).iter().map(|value| value.as_bytes()).collect();
    (!values.is_empty()).then(|| String::from_utf8_lossy(&values.join(&b", "[..])).into_owned())
}

/// The caller of an ingest token; `None` for a signature, which is checked when the body is there.
fn bearer(gateway: &Gateway, authorization: &str) -> Result<Option<Caller>, WireError> {
    if authorization.starts_with("ACS3-") {
        return Ok(None);
    }
    let token = authorization.strip_prefix("Bearer ").ok_or_else(unsigned)?;
    let caller = gateway
        .identity
        .authenticate_token(token.trim())
        .map_err(|error| WireError::new(error.code(), error.http_status(), error.to_string()))?;
    Ok(Some(caller))
}

async fn put(gateway: &Gateway, request: &Request, door: Door) -> Result<Put, WireError> {
    let caller = match door.bearer {
        Some(caller) => caller,
        None => signer(gateway, request)?,
    };
    let arguments = Arguments::check(PUT_EVENTS.params, &request.given, codes::INVALID_PARAMETER, None)?;
    let addressee = sorted::addressee(gateway, request, &caller, arguments.text("account")).await?;
    let (parsed, mut refused, bytes) = parsed(request, door.encoding, door.shape).await?;
    let entries = match addressee {
        Addressee::Account(account) => parsed.into_iter().map(|(_, event)| Entry { account, event }).collect(),
        Addressee::FromEvent => sorted::by_event(gateway, request, &caller, parsed, &mut refused).await?,
    };
    let outcomes = gateway.writer.append(entries).await.map_err(append_error)?;
    drop(door.room);
    let duplicates = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Duplicate)).count();
    let put = Put { accepted: outcomes.len() - duplicates, duplicates, refused };
    gateway.metrics.events_put(put.accepted, put.duplicates, bytes);
    put.refused.iter().for_each(|each| gateway.metrics.event_refused(each.refusal.code()));
    Ok(put)
}

type Parsed = (Vec<(usize, Event)>, Vec<Refused>, usize);

/// Decompresses, cuts and parses; a large body on a blocking thread, so that others are answered meanwhile.
async fn parsed(request: &Request, encoding: Encoding, shape: Shape) -> Result<Parsed, WireError> {
    let (body, now) = (request.body.clone(), request.received);
    if encoding == Encoding::Plain && body.len() <= INLINE_BYTES_MAX {
        return parse(body, encoding, shape, now);
    }
    let work = tokio::task::spawn_blocking(move || parse(body, encoding, shape, now));
    work.await.map_err(|panicked| unexpected(&panicked, ErrorKind::Bug))?
}

fn parse(body: Bytes, encoding: Encoding, shape: Shape, now: Timestamp) -> Result<Parsed, WireError> {
    let plain = body::decoded(body, encoding)?;
    let raw = body::events(&plain, shape)?;
    let (mut events, mut refused) = (Vec::with_capacity(raw.len()), Vec::new());
    for (index, raw) in raw.into_iter().enumerate() {
        match Event::parse(raw) {
            Ok(event) => match event.check_received_at(now) {
                Ok(()) => events.push((index, event)),
                Err(refusal) => refused.push(Refused::known(index, &event, refusal)),
            },
            Err(refusal) => refused.push(Refused { index, event_id: None, refusal }),
        }
    }
    Ok((events, refused, plain.len()))
}

fn append_error(error: AppendError) -> WireError {
    match error {
        AppendError::Throttled { retry_after } => {
            codes::THROTTLING.because(format!("{error}. Nothing was stored.")).retry_after(retry_after)
        }
        AppendError::Refused { .. } | AppendError::Stopped { .. } => {
            warn!(error = chain(&error), "events could not be stored");
            let message = "The events could not be stored; send them again later.";
            codes::SERVICE_UNAVAILABLE.because(message).retry_after(THROTTLED_PAUSE)
        }
        AppendError::Unknown { .. } => {
            warn!(error = chain(&error), "events may or may not have been stored");
            let message = "The events may or may not be stored; send the same ones again, their eventId tells.";
            codes::SERVICE_UNAVAILABLE.because(message).retry_after(THROTTLED_PAUSE)
        }
    }
}

impl Refused {
    /// An event whose id is known.
    pub(super) fn known(index: usize, event: &Event, refusal: Refusal) -> Refused {
        Refused { index, event_id: Some(event.id().to_owned()), refusal }
    }

    fn shown(&self) -> Value {
        let mut shown = json!({
            "Index": self.index,
            "Code": self.refusal.code(),
            "Message": self.refusal.to_string(),
        });
        if let Some(id) = &self.event_id {
            shown["EventId"] = id.as_str().into();
        }
        shown
    }
}

impl Put {
    fn shown(mut self) -> Value {
        self.refused.sort_by_key(|each| each.index);
        json!({
            "Accepted": self.accepted,
            "Duplicates": self.duplicates,
            "Refused": self.refused.iter().map(Refused::shown).collect::<Vec<Value>>(),
        })
    }
}
