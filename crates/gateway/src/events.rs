//! The REST of events: putting them in, and finding them without ActionTrail's limits.

mod body;
mod conditions;
pub(crate) mod get;
pub(crate) mod put;
mod sorted;
mod tail;

use api::WireError;
use identity::Caller;
use serde_json::Value;
use store::Found;

use crate::gateway::Gateway;
use crate::request::Request;
use crate::rpc;

/// Who signed. The legacy signature covers neither path nor body, so it is not taken on these paths.
pub(crate) fn signer(gateway: &Gateway, request: &Request) -> Result<Caller, WireError> {
    if !request.header("authorization").is_some_and(|value| value.starts_with("ACS3-")) {
        return Err(unsigned());
    }
    rpc::authenticate(gateway, request)
}

fn unsigned() -> WireError {
    let message = "Sign the request with ACS3-HMAC-SHA256; to put events, Authorization: Bearer with an ingest token \
                   will do.";
    WireError::new("IncompleteSignature", 400, message)
}

/// A reply's fields with events in it, each as it was sent, byte for byte; `end` says where it goes on.
fn reply_fields(events: &[Found], end: Option<(&str, Value)>) -> String {
    let bytes: usize = events.iter().map(|found| found.event.raw().len() + 80).sum();
    let mut body = String::with_capacity(bytes + 1024);
    body.push_str("{\"Events\":[");
    for (place, found) in events.iter().enumerate() {
        if place > 0 {
            body.push(',');
        }
        body.push_str(&format!("{{\"Seq\":{},\"ReceivedTime\":\"{}\",\"Event\":", found.seq, found.received));
        // Checked when the event was accepted.
        body.push_str(std::str::from_utf8(found.event.raw()).unwrap_or("{}"));
        body.push('}');
    }
    body.push(']');
    if let Some((name, value)) = end {
        body.push_str(&format!(",\"{name}\":{value}"));
    }
    body.push('}');
    body
}
