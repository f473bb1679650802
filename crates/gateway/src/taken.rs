//! A request at the door: a place among those in work, its body, its number.

use std::time::Duration;

use api::WireError;
use axum::body::Body;
use bytes::Bytes;
use http::Request as HttpRequest;
use tokio::sync::OwnedSemaphorePermit;

use crate::gateway::Gateway;
use crate::request::{BodyFault, Request, collect};
use crate::rpc::{body_error, busy};

/// A request that was taken, or is to be refused in its own format.
pub(crate) struct Taken {
    pub(crate) request: Request,
    /// Why it goes no further.
    pub(crate) refused: Option<Refused>,
    /// Its place; free again when this is dropped.
    pub(crate) place: Option<OwnedSemaphorePermit>,
    bytes_max: usize,
}

/// Why a request goes no further than the door.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    /// Every place is taken.
    Busy,
    /// The body was not read.
    Body(BodyFault),
}

/// Takes a request whose body may have `bytes_max`. A body without a place is not read.
pub(crate) async fn take(gateway: &Gateway, http: HttpRequest<Body>, bytes_max: usize) -> Taken {
    let (head, body) = http.into_parts();
    let place = gateway.limits.admit_request();
    let patience = Duration::from_secs(gateway.config.body_seconds_max);
    let body = match &place {
        Some(_) => collect(body, bytes_max, patience).await.map_err(Refused::Body),
        None => Err(Refused::Busy),
    };
    let refused = body.as_ref().err().copied();
    let bytes: Bytes = body.unwrap_or_default();
    let request = Request::new(&head, bytes, &gateway.config, &*gateway.clock, &*gateway.random);
    Taken { request, refused, place, bytes_max }
}

impl Taken {
    /// The error of a request that goes no further.
    pub(crate) fn error(&self, gateway: &Gateway) -> Option<WireError> {
        match self.refused? {
            Refused::Busy => Some(busy(gateway)),
            Refused::Body(fault) => Some(body_error(fault, self.bytes_max)),
        }
    }
}
