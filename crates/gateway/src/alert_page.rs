//! The page behind a notification's link: one incident, for whoever has the link, until it ends.
//!
//! The token is the permission and says whose incident (`identity::AlertLink`). Everything on the page but its frame was
//! written by others, events among them, so every value is escaped, there is no script, and the browser is told to load
//! nothing. A token that is forged, over or of a node whose links are switched off gets the same answer.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::Incident;
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tracing::error;

use crate::fault::chain;
use crate::gateway::Gateway;

/// Rows of events that are shown.
const ROWS_SHOWN: usize = 20;
/// Characters of a value that are shown.
const VALUE_CHARACTERS_MAX: usize = 2048;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a}\
                     h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
                     table{border-collapse:collapse;width:100%}\
                     th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd;\
                     overflow-wrap:anywhere}th{width:14rem;font-weight:600}footer{margin-top:2rem;color:#666}";

/// What stands behind the `?`.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    token: String,
}

/// `/alerts/detail`
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, Query(asked): Query<Asked>) -> Response {
    let started = Instant::now();
    let place = gateway.limits.admit_request();
    let (status, body) = match (&place, shown(&gateway, &asked.token).await) {
        (None, _) => (StatusCode::SERVICE_UNAVAILABLE, message("The node has as many requests as it takes.")),
        (_, Ok(Some(page))) => (StatusCode::OK, page),
        (_, Ok(None)) => (StatusCode::NOT_FOUND, message("This link shows nothing, or not any more.")),
        (_, Err(())) => (StatusCode::SERVICE_UNAVAILABLE, message("The alert could not be read; try again.")),
    };
    gateway.metrics.answered("AlertDetail", status.as_u16(), started.elapsed());
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'");
    let headers: [(HeaderName, String); 6] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (HeaderName::from_static("x-robots-tag"), "noindex".to_owned()),
    ];
    (status, headers, body).into_response()
}

async fn shown(gateway: &Gateway, token: &str) -> Result<Option<String>, ()> {
    if !gateway.config.detail_links {
        return Ok(None);
    }
    let Some(link) = gateway.vault.open_alert_link(token, gateway.clock.now()) else { return Ok(None) };
    let found = gateway.catalog.incident_find(link.account, &link.incident).await;
    let found = found.map_err(|failure| error!(error = chain(&failure), "an alert's page could not be made"))?;
    Ok(found.map(|incident| page(&incident)))
}

/// A text between tags or in quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().take(VALUE_CHARACTERS_MAX) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Marks that turn the direction of text could make one value look like another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            control if control.is_control() && control != '\n' && control != '\t' => out.push(' '),
            plain => out.push(plain),
        }
    }
    out
}

fn framed(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><h1>{title}</h1>\n{body}</body></html>\n"
    )
}

fn message(text: &str) -> String {
    framed(text, "<footer>Links to alerts work for a limited time.</footer>")
}

/// Rows of a table, of what is not empty.
fn table<'p>(rows: impl IntoIterator<Item = (&'p str, String)>) -> String {
    let mut out = String::from("<table>\n");
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let (name, value) = (escaped(name), escaped(&value));
        writeln!(out, "<tr><th>{name}</th><td>{value}</td></tr>").expect("a string takes all");
    }
    out.push_str("</table>\n");
    out
}

/// A JSON object's fields as rows.
fn fields(object: &Value) -> String {
    table(object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), text(value))))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn page(incident: &Incident) -> String {
    let alert: Value = serde_json::from_str(&incident.alert).unwrap_or_default();
    let severity = alert::Severity::try_from(incident.severity);
    let severity = severity.map_or_else(|_| incident.severity.to_string(), |known| known.name().to_owned());
    let handled = incident.handled_by.as_deref().unwrap_or_default();
    let mut body = table([
        ("Status", incident.status.as_str().to_owned()),
        ("Severity", severity),
        ("Project", incident.project.clone()),
        ("Rule", incident.rule.clone()),
        ("First fired", incident.fired.to_string()),
        ("Last seen", incident.last_seen.to_string()),
        ("Ended", incident.ended.map(|time| time.to_string()).unwrap_or_default()),
        ("Handled by", handled.to_owned()),
        ("Note", incident.note.clone()),
        ("Condition", text(&alert["condition"])),
    ]);
    for (title, key) in [("Annotations", "annotations"), ("Labels", "labels")] {
        if alert[key].as_object().is_some_and(|object| !object.is_empty()) {
            write!(body, "<h2>{title}</h2>\n{}", fields(&alert[key])).expect("a string takes all");
        }
    }
    let rows = alert["fire_results"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (number, row) in rows.iter().take(ROWS_SHOWN).enumerate() {
        write!(body, "<h2>Row {}</h2>\n{}", number + 1, fields(row)).expect("a string takes all");
    }
    if rows.len() > ROWS_SHOWN {
        let left = rows.len() - ROWS_SHOWN;
        writeln!(body, "<p>{left} more rows are not shown.</p>").expect("a string takes all");
    }
    writeln!(body, "<footer>Incident {}</footer>", escaped(&incident.id)).expect("a string takes all");
    framed(&incident.title, &body)
}
