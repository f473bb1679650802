//! The event of one call, in ActionTrail's shape.
//!
//! Parameters are recorded as they came, also those the table does not know, because a refused call is told by what
//! was tried. Secrets are masked by the table and, for the rest, by their names. Everything a client can make long is
//! cut, so the event always stays below the limit of one event.

use api::{Operation, WireError};
use bytes::Bytes;
use host::Random;
use identity::Caller;
use journal::Entry;
use model::Event;
use model::event::Refusal;
use serde_json::{Map, Value, json};

use crate::request::Request;

/// Bytes of one recorded value; the longest that matters is a policy document of 6 KB.
const VALUE_BYTES_MAX: usize = 8 * 1024;
/// Bytes of all recorded parameters, and of the recorded reply, as JSON.
const RECORDED_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a parameter's name, of the host and of the client's name for itself.
const NAME_BYTES_MAX: usize = 512;
const MASK: &str = "***";

/// Parameters of the request itself and not of the operation. Signatures must not be recorded, the rest says nothing.
const OF_THE_REQUEST: [&str; 12] = [
    "Action",
    "Version",
    "Format",
    "Timestamp",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "SignatureType",
    "SecurityToken",
    "BearerToken",
];

/// A call and what became of it.
pub(crate) struct Recorded<'a> {
    pub(crate) request: &'a Request,
    pub(crate) caller: &'a Caller,
    pub(crate) operation: &'static Operation,
    /// The reply's fields, for a call that changed something.
    pub(crate) reply: Option<&'a str>,
    pub(crate) error: Option<&'a WireError>,
}

/// The call's event, for the caller's account.
pub(crate) fn record(call: &Recorded<'_>, random: &dyn Random) -> Result<Entry, Refusal> {
    let Recorded { request, caller, operation, .. } = call;
    let mut event = json!({
        "eventId": random.uuid(),
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": "ApiCall",
        "eventName": operation.name,
        "eventRW": operation.access.as_str(),
        "eventSource": cut(&request.host, NAME_BYTES_MAX),
        "eventTime": request.received.to_string(),
        "serviceName": operation.service.as_str(),
        "apiVersion": operation.service.version(),
        "acsRegion": request.region.id,
        "isGlobal": operation.service != api::Service::Actiontrail,
        "requestId": request.id,
        "sourceIpAddress": request.source.map_or_else(|| "Internal".to_owned(), |address| address.to_string()),
        "userAgent": cut(request.user_agent(), NAME_BYTES_MAX),
        "userIdentity": caller.identity_json(),
        "recipientAccountId": caller.account.as_str(),
        "additionalEventData": { "Scheme": if request.secure { "https" } else { "http" } },
        "requestParameters": parameters(call),
    });
    if operation.sensitive {
        event["eventAttributes"] = json!({ "SensitiveAction": "true" });
    }
    if let Some(reply) = call.reply {
        event["responseElements"] = reply_elements(reply, &request.id);
    }
    if let Some(error) = call.error {
        event["errorCode"] = json!(error.code);
        event["errorMessage"] = json!(cut(&error.message, VALUE_BYTES_MAX));
    }
    add_resources(&mut event, call);
    let event = Event::parse(Bytes::from(event.to_string()))?;
    Ok(Entry { account: caller.account, event })
}

fn parameters(call: &Recorded<'_>) -> Value {
    let mut recorded = Map::new();
    let (mut bytes, mut left_out) = (0, 0);
    for (name, value) in call.request.given.pairs() {
        if OF_THE_REQUEST.contains(&name) {
            continue;
        }
        let secret = call.operation.param(name).map_or_else(|| sounds_secret(name), |param| param.secret);
        let value = if secret { MASK.to_owned() } else { cut(value, VALUE_BYTES_MAX) };
        let name = cut(name, NAME_BYTES_MAX);
        // As JSON, where a control character takes six bytes.
        bytes += Value::from(name.as_str()).to_string().len() + Value::from(value.as_str()).to_string().len();
        if bytes > RECORDED_BYTES_MAX {
            left_out += 1;
        } else {
            recorded.insert(name, value.into());
        }
    }
    if left_out > 0 {
        recorded.insert("...".into(), format!("{left_out} more parameters were not recorded").into());
    }
    Value::Object(recorded)
}

fn reply_elements(reply: &str, request_id: &str) -> Value {
    if reply.len() > RECORDED_BYTES_MAX {
        return json!({ "RequestId": request_id, "...": format!("{} bytes were not recorded", reply.len()) });
    }
    let mut elements: Value = serde_json::from_str(reply).unwrap_or_default();
    mask_secrets(&mut elements);
    elements["RequestId"] = request_id.into();
    elements
}

fn mask_secrets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if value.is_string() && sounds_secret(name) {
                    *value = MASK.into();
                } else {
                    mask_secrets(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask_secrets),
        _ => {}
    }
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let token = name.ends_with("token") && name != "nexttoken";
    token
        || ["secret", "password", "passwd", "credential", "privatekey", "seed", "authenticationcode"]
            .iter()
            .any(|word| name.contains(word))
}

/// `resourceType` and `resourceName` (one group per type, joined by `;`) and the same as `referencedResources`.
fn add_resources(event: &mut Value, call: &Recorded<'_>) {
    let named = call.operation.touches.iter().filter_map(|touched| {
        let name = call.request.given.get(touched.param).filter(|name| !name.is_empty())?;
        Some((touched.kind, cut(name, NAME_BYTES_MAX)))
    });
    let named: Vec<(&str, String)> = named.collect();
    if named.is_empty() {
        return;
    }
    let join = |parts: Vec<&str>| parts.join(";");
    event["resourceType"] = join(named.iter().map(|(kind, _)| *kind).collect()).into();
    event["resourceName"] = join(named.iter().map(|(_, name)| name.as_str()).collect()).into();
    event["referencedResources"] = named.into_iter().map(|(kind, name)| (kind.to_owned(), json!([name]))).collect();
}

fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    format!("{}... ({} bytes)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_secret_are_masked_wherever_they_are() {
        for name in ["AccessKeySecret", "password", "Token", "SecurityToken", "PrivateKeyBody"] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["NextToken", "IngestTokenId", "AccessKeyId", "Name"] {
            assert!(!sounds_secret(name), "{name}");
        }
        let reply =
            r#"{"AccessKey":{"AccessKeyId":"id","AccessKeySecret":"hush"},"List":[{"Token":"hush"}],"Token":"hush"}"#;
        let recorded = reply_elements(reply, "R").to_string();
        assert!(!recorded.contains("hush") && recorded.contains("\"AccessKeyId\":\"id\""), "{recorded}");
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(RECORDED_BYTES_MAX));
        assert!(reply_elements(&long, "R").to_string().contains("not recorded"));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("中文字", 4), "中... (9 bytes)");
    }
}
