//! Rules of version 1: their notifications stand in the rule itself. They go through a merge set like others, one for
//! each rule, which speaks at once and not more often than the rule's throttling.

use alert::rule::legacy::{Legacy, Notification};
use alert::template::{ChannelTemplate, ContentTemplate, Links, SendType, render_or_builtin};
use alert::{Alert, Channel, Locale};
use catalog::AlertRule;
use outbound::channel::{Inline, Mention, PhoneNumber, Place, Target};
use serde_json::{Value, json};

use super::{Act, AlertRef, Around, Decided, Decision, Occasion, ToldAlert, incident_id};

/// The alert policy of such rules.
pub(super) const POLICY: &str = "cairn.legacy";

/// Its record.
pub(super) fn policy() -> Value {
    let group = "group={\"alert.project\": alert.project, \"alert.alert_id\": alert.alert_id}";
    let times = "group_wait=\"0s\", group_interval=alert.policy.repeat_interval, \
                 repeat_interval=alert.policy.repeat_interval";
    json!({
        "policy_id": POLICY,
        "policy_name": "Rules of version 1",
        "group_script": format!("fire(action_policy=alert.policy.action_policy_id, {group}, {times})"),
    })
}

/// What stands for the action policy of such a rule.
pub(super) fn action_policy(row: &AlertRule) -> String {
    format!("legacy/{}/{}", row.project, row.name)
}

/// Sends an alert of such a rule on its way.
pub(crate) fn route(alert: &mut Alert, row: &AlertRule, legacy: &Legacy) {
    POLICY.clone_into(&mut alert.alert_policy);
    alert.action_policy = action_policy(row);
    alert.repeat_interval = format!("{}s", legacy.throttling_seconds);
}

/// What the rule says itself.
pub(super) fn tell(
    notifications: &[Notification],
    occasion: &Occasion<'_>,
    alerts: &[Alert],
    around: &dyn Around,
    decided: &mut Decided,
) {
    for alert in alerts {
        let action_policy = occasion.action_policy.to_owned();
        decided.told.push(ToldAlert { alert: AlertRef::of(alert), action_policy, escalate_at: None });
    }
    for notification in notifications {
        let details = alerts.iter().map(|alert| around.detail_link(alert.account, &incident_id(alert))).collect();
        let links = Links { base_url: around.base_url().to_owned(), details };
        let (messages, error) = render_or_builtin(&template(notification), notification.channel, alerts, &links);
        let wrong = error.map_or_else(String::new, |error| format!("; {error}; a built-in template was used"));
        for message in messages {
            let told = message.alerts.iter().filter_map(|place| alerts.get(*place));
            let base = Decision {
                code: occasion.code.into(),
                reason: format!("{}{wrong}", occasion.reason),
                action_policy: occasion.action_policy.to_owned(),
                channel: Some(notification.channel),
                recipient: "message_center".to_owned(),
                alerts: told.map(AlertRef::of).collect(),
                is_counted: false,
                act: Act::Suppress,
            };
            if notification.channel == Channel::MessageCenter {
                decided.decisions.push(Decision { act: Act::Inbox(Box::new(message)), ..base });
                continue;
            }
            let sent = |(recipient, target): (String, Target)| {
                let act = Act::Send(Box::new((target, message.clone())));
                Decision { recipient, act, ..base.clone() }
            };
            decided.decisions.extend(targets(notification).into_iter().map(sent));
        }
    }
}

fn template(notification: &Notification) -> ContentTemplate {
    let is_mail = notification.channel == Channel::Email;
    let title = if is_mail { &notification.subject } else { &notification.title };
    let channel = ChannelTemplate {
        locale: Locale::English,
        title: title.clone(),
        content: notification.content.clone(),
        send_type: SendType::Merged,
        limit: 0,
        has_no_details: false,
    };
    let name = "of the rule".to_owned();
    ContentTemplate { id: "legacy".to_owned(), name, channels: [(notification.channel, channel)].into() }
}

fn targets(notification: &Notification) -> Vec<(String, Target)> {
    let place = || {
        let headers = notification.headers.clone();
        Place::Inline(Inline { url: notification.url.clone(), method: notification.method.clone(), headers })
    };
    let phones = || notification.mobiles.iter().map(|number| (number.clone(), phone(number)));
    match notification.channel {
        Channel::Email => {
            let mail =
                |address: &String| (address.clone(), Target::Email { address: address.clone(), name: String::new() });
            notification.emails.iter().map(mail).collect()
        }
        Channel::Sms => phones().map(|(number, phone)| (number, Target::Sms { phone })).collect(),
        Channel::Voice => phones().map(|(number, phone)| (number, Target::Voice { phone })).collect(),
        Channel::Dingtalk => {
            let mention = Mention { everybody: notification.is_at_all, phones: notification.at_mobiles.clone() };
            vec![("inline".to_owned(), Target::Dingtalk { to: place(), mention })]
        }
        _ => vec![("inline".to_owned(), Target::Webhook { to: place() })],
    }
}

/// `86-13800000000`; without a country it is one of China's.
fn phone(text: &str) -> PhoneNumber {
    let (country_code, number) = text.trim_start_matches('+').split_once('-').unwrap_or(("86", text));
    PhoneNumber { country_code: country_code.to_owned(), number: number.to_owned() }
}
