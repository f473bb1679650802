//! One HTTP request and the little that is read of its answer.

use std::error::Error;
use std::time::Duration;

use reqwest::{Method, StatusCode, Url};

use super::Outcome;
use crate::egress::{Egress, Forbidden};
use crate::error::one_line;

/// Log Service's own patience with a webhook.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes read of an answer; robots' have some hundred.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// The longest wait another side may ask for.
const AFTER_MAX: Duration = Duration::from_secs(3600);

/// The HTTP client of the channels, with the rules it obeys.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) http: reqwest::Client,
    pub(super) egress: Egress,
}

/// What is sent.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) patience: Duration,
}

impl<'a> Request<'a> {
    /// A POST of JSON.
    pub(super) fn json(url: &'a str, body: String) -> Request<'a> {
        let headers = vec![("content-type".to_owned(), "application/json;charset=utf-8".to_owned())];
        Request { method: Method::POST, url, headers, body, patience: PATIENCE }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: String,
}

impl Answer {
    /// The answer in words.
    pub(super) fn said(&self) -> String {
        let words = one_line(&self.body);
        if words.is_empty() { format!("HTTP status {}", self.status) } else { words }
    }

    /// A failed answer as an outcome: too many and server errors may pass, other refusals do not.
    pub(super) fn failure(&self) -> Outcome {
        let why = match self.body.trim().is_empty() {
            true => format!("HTTP status {}", self.status),
            false => format!("HTTP status {}: {}", self.status, one_line(&self.body)),
        };
        let may_pass = self.status.is_server_error()
            || matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        if may_pass { Outcome::Retry { why, after: self.retry_after } } else { Outcome::Rejected { why } }
    }
}

impl Exchange {
    /// Sends and reads, within the request's patience. An error is what the attempt came to.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Answer, Outcome> {
        let url = self.allowed(request.url)?;
        let patience = request.patience;
        let mut builder = self.http.request(request.method, url).timeout(patience);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let mut response = builder.body(request.body).send().await.map_err(|error| failed(&error, patience))?;
        let status = response.status();
        if status.is_redirection() {
            let why =
                format!("the address answers with a redirect, which is not followed ({status}); write where it leads");
            return Err(Outcome::Rejected { why });
        }
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(|seconds| Duration::from_secs(seconds).min(AFTER_MAX));
        let mut body = Vec::new();
        // An answer that breaks off still has its status.
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = ANSWER_BYTES_MAX - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == ANSWER_BYTES_MAX {
                break;
            }
        }
        Ok(Answer { status, retry_after, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// The address, unless it is none or one that may not be spoken to. Names are checked when they are resolved.
    fn allowed(&self, text: &str) -> Result<Url, Outcome> {
        // Robots' addresses hold tokens, so the text is not repeated.
        let url = Url::parse(text).map_err(|_| Outcome::rejected("the address is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Outcome::rejected("the address must begin with https:// or http://"));
        }
        self.egress.check_url(&url).map_err(|forbidden| Outcome::Rejected { why: forbidden.to_string() })?;
        Ok(url)
    }
}

fn failed(error: &reqwest::Error, patience: Duration) -> Outcome {
    if error.is_builder() {
        return Outcome::rejected("a header or the address is not one that HTTP allows");
    }
    let mut innermost: &dyn Error = error;
    while let Some(cause) = innermost.source() {
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return Outcome::Rejected { why: forbidden.to_string() };
        }
        innermost = cause;
    }
    if error.is_timeout() {
        return Outcome::retry(format!("no answer within {} seconds", patience.as_secs()));
    }
    // The innermost cause never repeats the address.
    Outcome::retry(one_line(&innermost.to_string()))
}
