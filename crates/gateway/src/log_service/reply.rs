//! Replies as Log Service's clients expect them: 200 for every success, the request id in a header, errors in two keys.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use sls::{Compression, CompressionError, Fault};

use crate::request::Request;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-log-requestid");

/// What an operation answers.
pub(super) struct Reply {
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

impl Reply {
    /// Nothing but success.
    pub(super) fn empty() -> Reply {
        Reply { content_type: "application/json", headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn json(value: &Value) -> Reply {
        Reply::text(value.to_string())
    }

    /// JSON that is written already.
    pub(super) fn text(json: impl Into<Bytes>) -> Reply {
        Reply { body: json.into(), ..Reply::empty() }
    }

    pub(super) fn protobuf(body: impl Into<Bytes>) -> Reply {
        Reply { content_type: "application/x-protobuf", body: body.into(), ..Reply::empty() }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl ToString) -> Reply {
        self.headers.push((HeaderName::from_static(name), value.to_string()));
        self
    }

    /// Compresses the body and says so, also when it is not compressed: PullLogs' clients need the size.
    pub(super) fn compressed(mut self, compression: Compression) -> Result<Reply, CompressionError> {
        let size = self.body.len();
        if compression != Compression::None {
            self.body = compression.compress(&self.body)?.into();
            self = self.header("x-log-compresstype", compression.name());
        }
        Ok(self.header("x-log-bodyrawsize", size))
    }
}

/// The reply to a request.
pub(super) fn response(request: &Request, outcome: Result<Reply, Fault>) -> Response {
    let mut response = match outcome {
        Ok(reply) => {
            let mut response = (StatusCode::OK, reply.body).into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
            for (name, value) in reply.headers {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    headers.insert(name, value);
                }
            }
            response
        }
        Err(fault) => {
            let status = StatusCode::from_u16(fault.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let body = json!({ "errorCode": fault.code.name, "errorMessage": fault.message });
            let mut response = (status, body.to_string()).into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
    };
    if let Ok(id) = HeaderValue::from_str(&request.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
