//! What operators and load balancers ask: alive, ready, metrics; and the reference page. None needs a signature, none
//! says anything about an account.

use std::sync::Arc;

use api::reference::operations_markdown;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::fault::chain;
use crate::gateway::Gateway;

/// `/healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: requests can be served. Says no while stopping, so that a load balancer goes elsewhere first.
pub(crate) async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    match check_ready(&gateway).await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn check_ready(gateway: &Gateway) -> Result<(), String> {
    if gateway.shutdown.has_begun() {
        return Err("the node is stopping".to_owned());
    }
    if let Some(reason) = gateway.writer.failed().borrow().clone() {
        return Err(format!("the journal has failed: {reason}"));
    }
    // Any small read proves that the catalog's file is there and open.
    let read = gateway.catalog.setting_get("readyz").await;
    read.map(|_| ()).map_err(|error| format!("the catalog cannot be read: {}", chain(&error)))
}

/// `/metrics`: in OpenMetrics for those who ask for it, as Prometheus does, else in Prometheus' older text format.
pub(crate) async fn metrics(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response {
    gateway.metrics.ready(check_ready(&gateway).await.is_ok());
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let is_open = accept.contains("application/openmetrics-text");
    let registry = gateway.registry.clone();
    // It asks the disk for its free space, which a disk in trouble may be slow to answer.
    let encoding =
        tokio::task::spawn_blocking(move || if is_open { registry.encode() } else { registry.encode_plain() });
    let kind = match is_open {
        true => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        false => "text/plain; version=0.0.4; charset=utf-8",
    };
    match encoding.await {
        Ok(text) => ([(CONTENT_TYPE, kind)], text).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be read\n").into_response(),
    }
}

/// `/docs/operations`: the reference page, which errors point to.
pub(crate) async fn operations() -> Response {
    ([(CONTENT_TYPE, "text/markdown; charset=utf-8")], operations_markdown()).into_response()
}
