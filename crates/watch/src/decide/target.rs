//! Where the messages of a planned notification go.

use alert::action::Planned;
use alert::recipients::{Directory, Recipient};
use alert::{Alert, Channel, Status};
use outbound::channel::{Inline, Mention, PhoneNumber, Place, Target};
use serde_json::Value;

/// The integrations of clouds, when an action names none.
const USUAL_EVENT_BRIDGE: &str = "default.event_bridge";
const USUAL_FC: &str = "default.fc";

type Addressed = Vec<(String, Result<Target, String>)>;

/// For each receiver its name for the log, and the way to it or what is missing.
pub(super) fn targets(planned: &Planned, recipients: &[Recipient], alerts: &[&Alert], people: &Directory) -> Addressed {
    match planned.channel {
        Channel::Sms | Channel::Voice | Channel::Email => {
            recipients.iter().map(|one| (one.user.clone(), personal(planned.channel, one, people))).collect()
        }
        Channel::EventBridge => {
            let integration = planned.webhook_id.clone().unwrap_or_else(|| USUAL_EVENT_BRIDGE.to_owned());
            let bus = text(planned, &["bus", "event_bus", "event_bus_name"]).unwrap_or_else(|| "default".to_owned());
            let is_resolved = alerts.iter().all(|alert| alert.status == Status::Resolved);
            let time = alerts.first().map(|alert| alert.alert_time).unwrap_or_default();
            vec![(integration.clone(), Ok(Target::EventBridge { integration, bus, is_resolved, time }))]
        }
        Channel::Fc => {
            let integration = planned.webhook_id.clone().unwrap_or_else(|| USUAL_FC.to_owned());
            let service = text(planned, &["service"]).unwrap_or_default();
            let version = text(planned, &["version", "qualifier"]).unwrap_or_default();
            let target = text(planned, &["function", "function_name"])
                .ok_or_else(|| "the action names no function".to_owned())
                .map(|function| Target::Fc { integration: integration.clone(), service, version, function });
            vec![(integration, target)]
        }
        Channel::MessageCenter => Vec::new(),
        Channel::Dingtalk | Channel::Wechat | Channel::Lark | Channel::Slack | Channel::Webhook => {
            vec![robot(planned, recipients)]
        }
    }
}

fn personal(channel: Channel, recipient: &Recipient, people: &Directory) -> Result<Target, String> {
    if channel == Channel::Email {
        return Ok(Target::Email { address: recipient.address.clone(), name: recipient.name.clone() });
    }
    let user = people.users().find(|user| user.id == recipient.user);
    let user = user.ok_or_else(|| format!("there is no user {}", recipient.user))?;
    let phone = PhoneNumber { country_code: user.country_code.clone(), number: user.phone.clone() };
    Ok(if channel == Channel::Sms { Target::Sms { phone } } else { Target::Voice { phone } })
}

fn robot(planned: &Planned, recipients: &[Recipient]) -> (String, Result<Target, String>) {
    let (name, to) = match (&planned.webhook_id, planned.inline()) {
        (Some(id), _) => (id.clone(), Place::Integration(id.clone())),
        (None, Some(inline)) => {
            let headers = inline.headers.into_iter().collect();
            ("inline".to_owned(), Place::Inline(Inline { url: inline.url, method: inline.method, headers }))
        }
        (None, None) => return (String::new(), Err("the action names neither a webhook nor an address".to_owned())),
    };
    let everybody = ["is_at_all", "isAtAll", "at_all"].iter().any(|name| is_true(planned.extra.get(*name)));
    let mut phones: Vec<String> = recipients.iter().map(|recipient| recipient.address.clone()).collect();
    for name in ["at_mobiles", "atMobiles"] {
        let listed = planned.extra.get(name).and_then(Value::as_array).into_iter().flatten();
        phones.extend(listed.filter_map(Value::as_str).map(str::to_owned));
    }
    let mention = Mention { everybody, phones };
    let target = match planned.channel {
        Channel::Dingtalk => Target::Dingtalk { to, mention },
        Channel::Wechat => Target::Wechat { to, mention },
        Channel::Lark => Target::Lark { to, mention },
        Channel::Slack => Target::Slack { to },
        _ => Target::Webhook { to },
    };
    (name, Ok(target))
}

fn is_true(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(true))) || value.and_then(Value::as_str) == Some("true")
}

fn text(planned: &Planned, names: &[&str]) -> Option<String> {
    let found = names.iter().find_map(|name| planned.extra.get(*name)?.as_str());
    found.filter(|text| !text.is_empty()).map(str::to_owned)
}
