//! A story for the demo's auditor to find: somebody guesses the root password, gets in, makes an access key, looks
//! around, and stops the trail.

use std::time::Duration;

use model::{AccountId, Timestamp};
use serde_json::{Value, json};

/// The intruder's address, from the range kept for documentation.
pub(crate) const ADDRESS: &str = "203.0.113.66";
/// The access key that was made.
pub(crate) const KEY: &str = "LTAI5tDemoBackdoorKey0001";
/// How long ago it began.
const AGO: Duration = Duration::from_secs(26 * 3600);
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PROGRAM: &str = "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2";

/// One step: seconds after the beginning, and what happened.
struct Step {
    after: u64,
    service: &'static str,
    event: &'static str,
    is_write: bool,
    error: Option<(&'static str, &'static str)>,
    resource: Option<(&'static str, &'static str)>,
    is_sensitive: bool,
}

const WRONG: Option<(&str, &str)> =
    Some(("LoginFailed.InvalidCredential", "The user name or the password is incorrect."));

const fn sign_in(after: u64, error: Option<(&'static str, &'static str)>) -> Step {
    Step {
        after,
        service: "AasCustomer",
        event: "ConsoleSignin",
        is_write: true,
        error,
        resource: None,
        is_sensitive: false,
    }
}

const fn call(after: u64, service: &'static str, event: &'static str, is_write: bool) -> Step {
    Step { after, service, event, is_write, error: None, resource: None, is_sensitive: is_write }
}

const fn on(step: Step, kind: &'static str, name: &'static str) -> Step {
    Step { resource: Some((kind, name)), ..step }
}

const STEPS: [Step; 12] = [
    sign_in(0, WRONG),
    sign_in(9, WRONG),
    sign_in(17, WRONG),
    sign_in(31, WRONG),
    sign_in(48, WRONG),
    sign_in(75, WRONG),
    sign_in(102, None),
    on(call(190, "Ram", "CreateAccessKey", true), "ACS::RAM::AccessKey", KEY),
    call(300, "Ram", "ListUsers", false),
    call(331, "Oss", "ListBuckets", false),
    on(call(410, "Actiontrail", "StopLogging", true), "ACS::ActionTrail::Trail", "company-trail"),
    on(call(437, "Actiontrail", "DeleteTrail", true), "ACS::ActionTrail::Trail", "company-trail"),
];

/// The story's events, told so that they lie in the past of `now`. The same for the same `now`.
pub(crate) fn events(account: AccountId, now: Timestamp) -> Vec<String> {
    let begin = now.minus(AGO);
    STEPS.iter().enumerate().map(|(number, step)| event(account, begin, number, step).to_string()).collect()
}

fn event(account: AccountId, begin: Timestamp, number: usize, step: &Step) -> Value {
    let at = begin.plus(Duration::from_secs(step.after));
    // After the key exists it is used from a program; before that, somebody sits at a browser.
    let by_key = step.after > 190;
    let is_sign_in = step.event == "ConsoleSignin";
    let mut identity = json!({
        "type": "root-account",
        "accountId": account,
        "principalId": account,
        "userName": "root",
    });
    if by_key {
        identity["accessKeyId"] = KEY.into();
    }
    let mut event = json!({
        "eventId": format!("DEMO-{:013X}-{number:04}", at.0),
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": if is_sign_in { "ConsoleSignin" } else if by_key { "ApiCall" } else { "ConsoleCall" },
        "eventName": step.event,
        "eventRW": if step.is_write { "Write" } else { "Read" },
        "eventSource": if is_sign_in { "signin.aliyun.com".into() } else { format!("{}.aliyuncs.com", step.service.to_lowercase()) },
        "serviceName": step.service,
        "eventTime": at.to_string(),
        "acsRegion": "cn-hangzhou",
        "isGlobal": step.service != "Actiontrail",
        "recipientAccountId": account,
        "requestId": format!("DEMO-REQUEST-{:013X}-{number:04}", at.0),
        "sourceIpAddress": ADDRESS,
        "userAgent": if by_key { PROGRAM } else { BROWSER },
        "userIdentity": identity,
    });
    if is_sign_in {
        event["additionalEventData"] = json!({ "loginAccount": "root", "isMFAChecked": "false" });
    }
    if let Some((code, message)) = step.error {
        event["errorCode"] = code.into();
        event["errorMessage"] = message.into();
    }
    if let Some((kind, name)) = step.resource {
        event["resourceType"] = kind.into();
        event["resourceName"] = name.into();
        event["referencedResources"] = json!({ kind: [name] });
    }
    if step.is_sensitive {
        event["eventAttributes"] = json!({ "SensitiveAction": "true" });
    }
    event
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::{Attribute, Event};

    use super::*;

    #[test]
    fn the_story_is_made_of_valid_events_in_order() {
        let account = "1234567890123456".parse().expect("an id");
        let now = Timestamp::parse("2026-01-15T08:30:00Z").expect("a time");
        let told: Vec<Event> =
            events(account, now).into_iter().map(|json| Event::parse(Bytes::from(json)).expect("valid")).collect();
        assert!(told.is_sorted_by_key(Event::time));
        assert!(told.iter().all(|event| event.time() < now && event.stated_account() == Some(account)));
        let failed = told.iter().filter(|event| event.first(Attribute::ErrorCode).is_some()).count();
        assert_eq!(failed, 6);
        assert!(told.iter().any(|event| event.has(Attribute::ResourceName, KEY)));
        assert!(told.iter().any(|event| event.first(Attribute::EventName) == Some("StopLogging")));
        let mut ids: Vec<&str> = told.iter().map(Event::id).collect();
        ids.dedup();
        assert_eq!(ids.len(), told.len());
    }
}
