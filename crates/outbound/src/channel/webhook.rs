//! Webhooks of any receiver, and the services that are asked who shall be told.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::exchange::{Exchange, Request};
use super::{Envelope, Integration, Outcome};

/// Carries the notification's id, so a receiver can tell a repetition.
pub(super) const ID_HEADER: &str = "x-cairn-notification";
/// Log Service's own patience with a service that names recipients, and the longest answer it reads.
const ASK_PATIENCE: Duration = Duration::from_secs(10);
const ASK_BYTES_MAX: usize = 2048;

/// Only status 200 is success; everything else but a redirect may pass, because receivers are deployed and restarted.
pub(super) async fn send(exchange: &Exchange, envelope: &Envelope, integration: &Integration) -> Outcome {
    let mut request = Request::json(&integration.url, envelope.body.clone());
    if !integration.method.is_empty() {
        match Method::from_bytes(integration.method.as_bytes()) {
            Ok(method) => request.method = method,
            Err(_) => return Outcome::rejected("the method is not one that HTTP allows"),
        }
    }
    add(&mut request.headers, &integration.headers);
    request.headers.push((ID_HEADER.to_owned(), envelope.id.clone()));
    match exchange.send(request).await {
        Ok(answer) if answer.status == StatusCode::OK => Outcome::Delivered { answer: answer.said() },
        Ok(answer) => Outcome::Retry { why: said(&answer.failure()), after: answer.retry_after },
        Err(outcome) => outcome,
    }
}

pub(super) async fn ask(
    exchange: &Exchange,
    url: &str,
    headers: &[(String, String)],
    body: String,
) -> Result<String, Outcome> {
    let mut request = Request { patience: ASK_PATIENCE, ..Request::json(url, body) };
    add(&mut request.headers, headers);
    let answer = exchange.send(request).await?;
    if answer.status != StatusCode::OK {
        return Err(Outcome::Retry { why: said(&answer.failure()), after: answer.retry_after });
    }
    if answer.body.len() > ASK_BYTES_MAX {
        return Err(Outcome::rejected("the answer that names recipients is longer than 2 KB"));
    }
    Ok(answer.body)
}

/// Adds headers; one that is there already is replaced.
fn add(headers: &mut Vec<(String, String)>, more: &[(String, String)]) {
    for (name, value) in more {
        headers.retain(|(each, _)| !each.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Retry { why, .. } | Outcome::Rejected { why } => why.clone(),
        Outcome::Delivered { .. } | Outcome::Wait { .. } => String::new(),
    }
}
