//! What operators and load balancers ask: alive, ready, metrics; and the reference page. None needs a signature, none
//! says anything about an account.

use std::sync::Arc;

use api::reference::operations_markdown;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::fault::chain;
use crate::gateway::Gateway;

/// `/healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: requests can be served. Says no while stopping, so that a load balancer goes elsewhere first.
pub(crate) async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    let no = |reason: String| (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response();
    if gateway.shutdown.has_begun() {
        return no("the node is stopping".to_owned());
    }
    if let Some(reason) = gateway.writer.failed().borrow().clone() {
        return no(format!("the journal has failed: {reason}"));
    }
    // Any small read proves that the catalog's file is there and open.
    if let Err(error) = gateway.catalog.setting_get("readyz").await {
        return no(format!("the catalog cannot be read: {}", chain(&error)));
    }
    "ready\n".into_response()
}

/// `/metrics`, in OpenMetrics text.
pub(crate) async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], gateway.registry.encode()).into_response()
}

/// `/docs/operations`: the reference page, which errors point to.
pub(crate) async fn operations() -> Response {
    ([(CONTENT_TYPE, "text/markdown; charset=utf-8")], operations_markdown()).into_response()
}
