//! Running a script over a set of alerts: what to send, and a trace of why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::calendar::Period;
use crate::script::{Call, Statement, Value};
use crate::{Alert, Channel};

/// A notification that a policy wants made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// How.
    pub channel: Channel,
    /// Ids of users.
    pub users: Vec<String>,
    /// Ids of user groups.
    pub groups: Vec<String>,
    /// Ids of on-call groups.
    pub oncall_groups: Vec<String>,
    /// Where the recipients come from.
    pub receiver: Receiver,
    /// The webhook integration that takes it; its record says where.
    pub webhook_id: Option<String>,
    /// The content template.
    pub template_id: Option<String>,
    /// When it may be sent.
    pub period: Period,
    /// Whether it counts against the recipients' quotas.
    pub check_quota: bool,
    /// Arguments that belong to the channel, or that nobody knows.
    pub extra: BTreeMap<String, Json>,
    /// The line of its `fire()`.
    pub line: usize,
}

/// Where the recipients of a notification come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receiver {
    /// The policy names them.
    Static,
    /// An HTTP receiver is asked; see `recipients::named_by`.
    Dynamic {
        /// Whom to ask.
        url: String,
        /// With these headers.
        headers: BTreeMap<String, String>,
    },
}

/// The receiver of a `dingtalk` or `webhook` that has its address in the script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inline {
    /// Where to.
    pub url: String,
    /// `POST` unless it says otherwise.
    pub method: String,
    /// Beside the usual ones.
    pub headers: BTreeMap<String, String>,
    /// What signs it.
    pub secret: Option<String>,
}

impl Planned {
    /// The receiver in the script itself, if there is one.
    pub fn inline(&self) -> Option<Inline> {
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| self.extra.get(*name)?.as_str());
            found.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Some(Inline {
            url: text(&["url", "service_uri", "serviceUri", "webhook_url", "uri"])?,
            method: text(&["method"]).unwrap_or_else(|| "POST".into()),
            headers: self.extra.get("headers").map(texts).unwrap_or_default(),
            secret: text(&["secret"]),
        })
    }
}

/// What a script did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What is to be sent, in the order of the script.
    pub planned: Vec<Planned>,
    /// Each step, for whoever asks why.
    pub steps: Vec<Step>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Of the script.
    pub line: usize,
    /// What happened, as a sentence.
    pub what: String,
    /// Whether a condition held; nothing for other steps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held: Option<bool>,
}

/// Runs a checked script over the alerts of a set.
pub fn run(block: &[Statement], alerts: &[&Alert]) -> Run {
    let mut run = Run::default();
    if block.is_empty() {
        run.steps.push(Step { line: 1, what: "the script is empty".into(), held: None });
    } else if alerts.is_empty() {
        run.steps.push(Step { line: 1, what: "the set has no alerts".into(), held: None });
    } else {
        walk(block, alerts, &mut run);
    }
    run
}

/// Whether the script goes on after the block.
fn walk(block: &[Statement], alerts: &[&Alert], run: &mut Run) -> bool {
    for statement in block {
        match statement {
            Statement::Call(call) if call.name == "stop" => {
                run.steps.push(Step { line: call.line, what: "stopped here".into(), held: None });
                return false;
            }
            Statement::Call(call) => {
                let planned = planned(call, alerts);
                let what = format!("planned {}", summary(&planned));
                run.steps.push(Step { line: call.line, what, held: None });
                run.planned.push(planned);
            }
            Statement::If(branch) => {
                let held = branch.condition.held(alerts);
                let count = match held.meeting {
                    Some(meeting) => format!(": {meeting} of {} alerts", alerts.len()),
                    None => String::new(),
                };
                let verb = if held.holds { "held" } else { "did not hold" };
                let what = format!("{} {verb}{count}", branch.condition);
                run.steps.push(Step { line: branch.line, what, held: Some(held.holds) });
                let taken = if held.holds { &branch.then } else { &branch.otherwise };
                if !walk(taken, alerts, run) {
                    return false;
                }
            }
        }
    }
    true
}

fn planned(call: &Call, alerts: &[&Alert]) -> Planned {
    let mut left: BTreeMap<&str, &Value> = call.arguments.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut take = |name: &str| left.remove(name);
    let text = |value: Option<&Value>| match value? {
        Value::Field(field) => alerts.first().map(|alert| field.of(alert)),
        value => value.text(),
    };
    let filled = |value: Option<&Value>| text(value).filter(|text| !text.is_empty());
    let kind = text(take("type")).unwrap_or_default();
    let integration = text(take("integration_type")).unwrap_or_default();
    let (who, url, headers) = (text(take("receiver_type")), filled(take("external_url")), take("external_headers"));
    let receiver = match (who.as_deref(), url) {
        (Some("dynamic"), Some(url)) => {
            let headers = headers.and_then(Value::json);
            Receiver::Dynamic { url, headers: headers.as_ref().map(texts).unwrap_or_default() }
        }
        _ => Receiver::Static,
    };
    Planned {
        channel: channel(&kind, &integration),
        users: names(take("users"), alerts),
        groups: names(take("groups"), alerts),
        oncall_groups: names(take("oncall_groups"), alerts),
        receiver,
        webhook_id: filled(take("webhook_id")),
        template_id: filled(take("template_id")),
        period: filled(take("period")).and_then(|name| Period::parse(&name)).unwrap_or_default(),
        check_quota: text(take("check_quota")).is_none_or(|is| is != "false"),
        // What nobody took.
        extra: left.into_iter().map(|(name, value)| (name.to_owned(), filled_in(value, alerts))).collect(),
        line: call.line,
    }
}

fn channel(kind: &str, integration: &str) -> Channel {
    match (kind, integration) {
        ("sms", _) => Channel::Sms,
        ("voice", _) => Channel::Voice,
        ("email", _) => Channel::Email,
        ("message_center", _) => Channel::MessageCenter,
        ("event_bridge", _) => Channel::EventBridge,
        ("fc", _) => Channel::Fc,
        ("dingtalk", _) | ("webhook_integration", "dingtalk") => Channel::Dingtalk,
        ("webhook_integration", "wechat") => Channel::Wechat,
        ("webhook_integration", "lark") => Channel::Lark,
        ("webhook_integration", "slack") => Channel::Slack,
        // A checked script has no other types.
        _ => Channel::Webhook,
    }
}

/// The ids of a list. A field stands for what it is in each of the alerts: `users=[alert.labels.owner]`.
fn names(list: Option<&Value>, alerts: &[&Alert]) -> Vec<String> {
    let Some(Value::List(values)) = list else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let all = values.iter().flat_map(|value| match value {
        Value::Field(field) => alerts.iter().map(|alert| field.of(alert)).collect(),
        value => vec![value.text().unwrap_or_default()],
    });
    all.filter(|name| !name.is_empty() && seen.insert(name.clone())).collect()
}

/// As JSON, with fields of the first alert in their places.
fn filled_in(value: &Value, alerts: &[&Alert]) -> Json {
    match value {
        Value::Field(field) => alerts.first().map(|alert| field.of(alert)).unwrap_or_default().into(),
        Value::List(values) => values.iter().map(|value| filled_in(value, alerts)).collect(),
        Value::Map(values) => {
            Json::Object(values.iter().map(|(key, value)| (key.clone(), filled_in(value, alerts))).collect())
        }
        plain => plain.json().unwrap_or(Json::Null),
    }
}

/// Headers: a map of texts, or a list of `{key, value}`.
fn texts(json: &Json) -> BTreeMap<String, String> {
    let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    match json {
        Json::Object(map) => map.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Json::Array(pairs) => {
            let pair = |pair: &Json| Some((pair.get("key")?.as_str()?.to_owned(), text(pair.get("value")?)));
            pairs.iter().filter_map(pair).collect()
        }
        _ => BTreeMap::new(),
    }
}

fn summary(planned: &Planned) -> String {
    let mut parts = vec![format!("{:?}", planned.channel).to_lowercase()];
    for (what, names) in [("users", &planned.users), ("groups", &planned.groups), ("on call", &planned.oncall_groups)] {
        if !names.is_empty() {
            parts.push(format!("to {what} {}", names.join(", ")));
        }
    }
    if let Some(webhook) = &planned.webhook_id {
        parts.push(format!("through {webhook}"));
    }
    if planned.period != Period::Any {
        parts.push(format!("in {}", planned.period.name()));
    }
    parts.join(" ")
}
