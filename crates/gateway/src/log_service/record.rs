//! The event of a changing call to Log Service, in the shape of the events of other calls.

use bytes::Bytes;
use journal::Entry;
use model::Event;
use model::event::Refusal;
use serde_json::{Map, Value, json};
use sls::Fault;

use super::Call;
use crate::self_audit::shortened;

/// The version of Log Service's API that ActionTrail names in its events.
const API_VERSION: &str = "2020-12-30";
/// Bytes of one recorded value: a dashboard is not recorded whole.
const VALUE_BYTES_MAX: usize = 2048;

pub(super) fn entry(call: &Call<'_>, fault: Option<&Fault>) -> Result<Entry, Refusal> {
    let Call { gateway, request, caller, route, .. } = call;
    let mut event = json!({
        "eventId": gateway.random.uuid(),
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": "ApiCall",
        "eventName": route.operation.name(),
        "eventRW": "Write",
        "eventSource": shortened(&request.host),
        "eventTime": request.received.to_string(),
        "serviceName": "Sls",
        "apiVersion": API_VERSION,
        "acsRegion": request.region.id,
        "isGlobal": false,
        "requestId": request.id,
        "sourceIpAddress": request.source.map_or_else(|| "Internal".to_owned(), |address| address.to_string()),
        "userAgent": shortened(request.user_agent()),
        "userIdentity": caller.identity_json(),
        "recipientAccountId": caller.account.as_str(),
        "additionalEventData": { "Scheme": if request.secure { "https" } else { "http" } },
        "requestParameters": parameters(call),
    });
    if let Some(resource) = &call.route.resource {
        event["resourceType"] = json!("ACS::SLS::Resource");
        event["resourceName"] = json!(shortened(resource));
        event["referencedResources"] = json!({ "ACS::SLS::Resource": [shortened(resource)] });
    } else if let Some(project) = call.project_named() {
        event["resourceType"] = json!("ACS::SLS::Project");
        event["resourceName"] = json!(shortened(&project));
        event["referencedResources"] = json!({ "ACS::SLS::Project": [shortened(&project)] });
    }
    if let Some(fault) = fault {
        event["errorCode"] = json!(fault.code.name);
        event["errorMessage"] = json!(shortened(&fault.message));
    }
    let event = Event::parse(Bytes::from(event.to_string()))?;
    Ok(Entry { account: caller.account, event })
}

/// What the path, the query and the body say; long values are only counted.
fn parameters(call: &Call<'_>) -> Value {
    let mut recorded = Map::new();
    let named =
        [("project", call.project), ("logstore", call.route.logstore.as_deref()), ("name", call.route.name.as_deref())];
    for (name, value) in named {
        recorded.extend(value.map(|value| (name.to_owned(), json!(shortened(value)))));
    }
    recorded
        .extend(call.request.given.pairs().take(32).map(|(name, value)| (shortened(name), json!(shortened(value)))));
    recorded.extend(call.route.resource.as_deref().map(|resource| ("resource".to_owned(), json!(shortened(resource)))));
    if let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(&call.request.body) {
        if call.route.operation.is_about_records() {
            body.retain(|name, _| ["id", "tag"].contains(&name.as_str()));
        }
        if let Some(Value::Object(configuration)) = body.get_mut("configuration") {
            // The addresses of the older kind of rules have their secrets in them.
            configuration.remove("notificationList");
        }
        for (name, value) in body.into_iter().take(32) {
            let bytes = value.to_string().len();
            let value = if bytes > VALUE_BYTES_MAX { json!(format!("{bytes} bytes were not recorded")) } else { value };
            recorded.insert(shortened(&name), value);
        }
    }
    Value::Object(recorded)
}
