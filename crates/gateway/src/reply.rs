//! Replies as HTTP: body, content type, request id, and when to try again.

use api::{Format, Operation, Success, WireError, reference};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::request::Request;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");
/// Milliseconds; the official SDK raises its throttling error on it.
const ACS_RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// The reply to a call that succeeded.
pub(crate) fn success(request: &Request, row: &Operation, success: &Success) -> Response {
    let body = success.body(request.format, row.name, &request.id);
    finished(StatusCode::OK, request, request.format, body)
}

/// A reply in JSON whatever the client asked for, for the REST calls.
pub(crate) fn json(request: &Request, success: &Success) -> Response {
    finished(StatusCode::OK, request, Format::Json, success.body(Format::Json, "", &request.id))
}

/// The reply to a call that failed.
pub(crate) fn error(request: &Request, row: Option<&Operation>, error: &WireError) -> Response {
    let scheme = if request.secure { "https" } else { "http" };
    let anchor = row.map(|row| format!("#{}", reference::anchor(row))).unwrap_or_default();
    let recommend = format!("{scheme}://{}/docs/operations{anchor}", request.host);
    let body = error.body(request.format, &request.id, &request.host, &recommend);
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = finished(status, request, request.format, body);
    if let Some(pause) = error.retry_after {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from(pause.as_millis().div_ceil(1000).max(1) as u64));
        headers.insert(ACS_RETRY_AFTER, HeaderValue::from(pause.as_millis().max(1) as u64));
    }
    response
}

fn finished(status: StatusCode, request: &Request, format: Format, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if let Ok(id) = HeaderValue::from_str(&request.id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
