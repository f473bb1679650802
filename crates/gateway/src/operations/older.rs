//! ActionTrail's older versions: parameters renamed before the present handler, replies cut after it; LookupEvents with
//! flat conditions; Echo and Help.

use std::time::Duration;

use api::{Arguments, Given, OLDER_OPERATIONS, OPERATIONS, Operation, Service, Success, WireError, codes};
use model::event::Category;
use model::{AccountId, Attribute};
use serde_json::{Map, Value, json};
use store::{Condition, Lookup};

use super::{Call, Outcome, lookup, windows};
use crate::lookup_token::{self, Window};
use crate::search;

/// The longest window of a lookup.
const WINDOW_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Roles that stand for ActionTrail itself; nobody assumes them.
const OWN_ROLES: [&str; 2] = ["AliyunActionTrailDefaultRole", "AliyunServiceRoleForActionTrail"];

/// The arguments a present handler understands. LookupEvents has a handler of its own for the flat ones.
pub(crate) fn arguments(row: &Operation, given: Arguments, account: AccountId) -> Result<Arguments, WireError> {
    let present = row.id.operation();
    if std::ptr::eq(present, row) || row.name == "LookupEvents" {
        return Ok(given);
    }
    let mut pairs = Vec::new();
    for param in row.params {
        let value = match given.text(param.name) {
            Some(text) => text.to_owned(),
            None if given.flag(param.name) => "true".to_owned(),
            None => continue,
        };
        match param.name {
            "RoleName" => pairs.extend(role_arn(value, account).map(|arn| ("OssWriteRoleArn".to_owned(), arn))),
            "Name" if row.name == "DescribeTrails" => pairs.push(("NameList".to_owned(), value)),
            name => pairs.push((name.to_owned(), value)),
        }
    }
    Arguments::check(present.params, &Given::new(pairs), row.service.invalid_value(), None)
}

/// A role by its name is one of the caller's account. An empty value takes the setting away.
fn role_arn(role: String, account: AccountId) -> Option<String> {
    let name = role.rsplit('/').next().unwrap_or(&role);
    if OWN_ROLES.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return None;
    }
    Some(if role.is_empty() || role.starts_with("acs:") { role } else { format!("acs:ram::{account}:role/{role}") })
}

/// A present reply with the fields its older version has.
pub(crate) fn reply(row: &Operation, success: Success) -> Success {
    if row.name == "LookupEvents" || std::ptr::eq(row.id.operation(), row) {
        return success;
    }
    let mut fields: Value = serde_json::from_str(success.fields()).unwrap_or_default();
    name_roles(&mut fields);
    let paths: Vec<Vec<&str>> = row.returns.iter().map(|path| path.split('.').collect()).collect();
    keep(&mut fields, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Success::from_object(&fields)
}

/// Where a role's ARN is, its name was.
fn name_roles(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let arn = fields.get("OssWriteRoleArn").and_then(Value::as_str);
            if let Some(name) = arn.map(|arn| arn.rsplit('/').next().unwrap_or_default().to_owned()) {
                fields.insert("RoleName".to_owned(), name.into());
            }
            fields.values_mut().for_each(name_roles);
        }
        Value::Array(values) => values.iter_mut().for_each(name_roles),
        _ => {}
    }
}

/// Drops every field that no path leads to or through.
fn keep(value: &mut Value, paths: &[&[&str]]) {
    match value {
        Value::Object(fields) => {
            let through = |name: &str| -> Vec<&[&str]> {
                let leads = paths.iter().filter_map(|path| path.split_first());
                leads.filter(|(step, _)| step.trim_end_matches("[]") == name).map(|(_, rest)| rest).collect()
            };
            fields.retain(|name, _| !through(name).is_empty());
            for (name, value) in fields.iter_mut() {
                let rest: Vec<&[&str]> = through(name).into_iter().filter(|rest| !rest.is_empty()).collect();
                if !rest.is_empty() {
                    keep(value, &rest);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| keep(value, paths)),
        _ => {}
    }
}

/// LookupEvents with flat conditions.
pub(super) async fn events(call: &Call<'_>) -> Outcome {
    search::count_lookup(call.gateway, call.account)?;
    let parameters = windows::unchanging(call);
    let (window, after) = match call.arguments.text("NextToken") {
        None => (window(call)?, None),
        Some(token) => {
            let place = lookup_token::decode(token, call.account, &parameters)
                .map_err(|fault| codes::INVALID_PARAMETER_VALUE.because(fault.to_string()))?;
            (place.window, Some(place.after))
        }
    };
    // Nothing was ever asked for by 0; it stands for the usual page.
    let limit = call.arguments.integer("MaxResults").filter(|limit| *limit > 0).unwrap_or(20);
    let question = Lookup {
        account: call.account,
        from: window.from,
        through: window.through,
        conditions: conditions(&call.arguments),
        newest_first: true,
        after,
        limit: usize::try_from(limit).unwrap_or(1),
    };
    let page = search::page(call.gateway, question).await?;
    let last = page.events.last().filter(|_| page.more);
    let next = last.map(|last| lookup_token::encode(call.account, last, window, &parameters));
    Ok(Success::from_text(lookup::body(&page.events, window, next.as_deref())))
}

fn window(call: &Call<'_>) -> Result<Window, WireError> {
    let now = call.request.received;
    let end = call.arguments.time("EndTime").unwrap_or(now);
    let start = call.arguments.time("StartTime").unwrap_or(end.minus(WINDOW_MAX));
    if end <= start || end.since(start) > WINDOW_MAX {
        let message = format!("StartTime {start} and EndTime {end} are no window of at most seven days.");
        return Err(codes::INVALID_TIME_RANGE.because(message));
    }
    let history_start = search::history_start(call.gateway, now);
    let checked = search::check_start(start, history_start);
    checked.map_err(|error| codes::INVALID_TIME_RANGE.because(error.message))?;
    Ok(Window { from: start, through: search::window_end(end) })
}

fn conditions(arguments: &Arguments) -> Vec<Condition> {
    const FLAT: [(&str, Attribute); 8] = [
        ("Event", Attribute::EventId),
        ("ServiceName", Attribute::ServiceName),
        ("EventName", Attribute::EventName),
        ("EventType", Attribute::EventType),
        ("User", Attribute::User),
        ("ResourceType", Attribute::ResourceType),
        ("ResourceName", Attribute::ResourceName),
        ("EventAccessKeyId", Attribute::EventAccessKeyId),
    ];
    let is = |(name, attribute): &(&str, Attribute)| Some(Condition::Is(*attribute, arguments.text(name)?.to_owned()));
    let mut conditions: Vec<Condition> = FLAT.iter().filter_map(is).collect();
    conditions.extend(arguments.text("Request").map(|request| Condition::Text(request.to_owned())));
    let event_rw = arguments.text("EventRW").filter(|rw| *rw != "All");
    conditions.extend(event_rw.map(|rw| Condition::Is(Attribute::EventRw, rw.to_owned())));
    conditions.push(Condition::Category(Category::Management));
    conditions
}

pub(super) fn echo(call: &Call<'_>) -> Outcome {
    let given = call.row.params.iter().filter_map(|param| Some((param.name, call.arguments.text(param.name)?)));
    let echo: Map<String, Value> = given.map(|(name, value)| (name.to_owned(), value.into())).collect();
    Ok(Success::from_object(&json!({ "Echo": echo })))
}

pub(super) fn help(_: &Call<'_>) -> Outcome {
    let rows = OPERATIONS.iter().chain(OLDER_OPERATIONS).filter(|row| row.service == Service::Actiontrail2017);
    let shown = rows.map(|row| {
        let parameters: Vec<&str> = row.params.iter().map(|param| param.name).collect();
        json!({ "Name": row.name, "Summary": row.summary, "Parameters": parameters })
    });
    Ok(Success::from_object(&json!({ "Operations": shown.collect::<Vec<Value>>() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_keep_what_their_version_has() {
        let row = Operation::find("DescribeTrails", Some("2017-12-04")).expect("a row");
        let present = json!({ "TrailList": [
            { "Name": "trail-a", "TrailArn": "acs:…", "OssWriteRoleArn": "acs:ram::1:role/writer", "Status": "Fresh" },
        ]});
        let older: Value = serde_json::from_str(reply(row, Success::from_object(&present)).fields()).expect("JSON");
        assert_eq!(older, json!({ "TrailList": [{ "Name": "trail-a", "RoleName": "writer", "Status": "Fresh" }] }));
    }

    #[test]
    fn a_role_is_told_by_its_name() {
        let account: AccountId = "100".parse().expect("an id");
        assert_eq!(role_arn("writer".into(), account), Some("acs:ram::100:role/writer".into()));
        assert_eq!(role_arn("acs:ram::7:role/w".into(), account), Some("acs:ram::7:role/w".into()));
        assert_eq!(role_arn("aliyunactiontraildefaultrole".into(), account), None);
        assert_eq!(role_arn(String::new(), account), Some(String::new()));
    }
}
