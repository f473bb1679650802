//! The rules Cairn brings along: ActionTrail's 53 templates and a set of its own.
//!
//! A template is a line of `data/rules/`: a query, a condition, a severity, and texts in two languages. Naming its id in a
//! rule of type `tpl` runs it; [`expand`] gives the whole configuration, for those who want to change it. Queries are our
//! own, in the language of `docs/book/query-language.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Severity;

/// A rule that comes with Cairn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    /// For example `sls.app.actiontrail.cis.at.root_login`.
    pub id: String,
    /// What kind of thing it watches, a word.
    pub topic: String,
    /// How a rule made of it is called.
    pub name: Texts,
    /// What it watches, in a sentence.
    pub about: Texts,
    /// What an alert says, with `${field}`.
    pub message: Texts,
    /// `search | SQL`, with `{{parameter}}`.
    pub query: String,
    /// How far its query looks back, for example `30m`.
    pub window: String,
    /// How often it runs.
    pub interval: String,
    /// How bad it is.
    pub severity: Severity,
    /// What must hold of a row; empty: nothing.
    #[serde(default)]
    pub condition: String,
    /// The fields that make one alert; none: all rows make one.
    #[serde(default)]
    pub group: Vec<String>,
    /// Numbers and words its query and condition take, with what they are unless somebody says otherwise.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The action policy, if it is not the usual one.
    #[serde(default)]
    pub action_policy: Option<String>,
    /// How often people hear of what goes on, if it is not two hours.
    #[serde(default)]
    pub repeat: Option<String>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// English.
    pub en: String,
    /// Chinese.
    pub cn: String,
}

impl Texts {
    fn in_language(&self, language: &str) -> &str {
        if language == "cn" { &self.cn } else { &self.en }
    }
}

/// A template cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// There is no such template.
    #[error("names no template of this node")]
    UnknownTemplate,
    /// Texts are in `cn` and `en`.
    #[error("must be cn or en")]
    UnknownLanguage,
    /// Templates of clients are not kept anywhere.
    #[error("must be sys")]
    NotSystem,
    /// A token that must be there, or is not what it must be.
    #[error("token {token} {message}")]
    Token {
        /// Its name.
        token: String,
        /// What is wrong.
        message: &'static str,
    },
}

impl ExpandError {
    /// The field of `templateConfiguration` it is about.
    pub fn field(&self) -> &'static str {
        match self {
            ExpandError::UnknownTemplate => "id",
            ExpandError::UnknownLanguage => "lang",
            ExpandError::NotSystem => "type",
            ExpandError::Token { .. } => "tokens",
        }
    }

    /// Always the caller's doing.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }
}

/// The alert and action policy of ActionTrail's templates.
const POLICY: &str = "sls.app.actiontrail.builtin";

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let files = [include_str!("../../data/rules/actiontrail.json"), include_str!("../../data/rules/cairn.json")];
    let read =
        |file: &&str| serde_json::from_str::<Vec<Template>>(file).expect("a test reads the release's data files");
    files.iter().flat_map(read).collect()
});

/// All templates: ActionTrail's, then Cairn's own.
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// The template of an id.
pub fn template(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

/// What a `templateConfiguration` stands for: `{id, type, lang, tokens, annotations}`.
pub fn expand(configuration: &Value) -> Result<Value, ExpandError> {
    let text = |field: &str| configuration.get(field).and_then(Value::as_str).unwrap_or_default();
    if !matches!(text("type"), "" | "sys") {
        return Err(ExpandError::NotSystem);
    }
    let mut tokens = BTreeMap::new();
    for (token, value) in configuration.get("tokens").and_then(Value::as_object).into_iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        tokens.insert(token.clone(), value);
    }
    let mut expanded = rule(text("id"), text("lang"), &tokens)?;
    // One client's model spells the word in its own way.
    let given = ["annotations", "aonotations"].into_iter().filter_map(|field| configuration.get(field)?.as_object());
    for (key, value) in given.flatten() {
        annotate(&mut expanded, key, value.as_str().unwrap_or_default());
    }
    Ok(expanded)
}

/// Sets an annotation of a configuration, instead of the one it has under this key.
fn annotate(configuration: &mut Value, key: &str, value: &str) {
    let Some(annotations) = configuration.get_mut("annotations").and_then(Value::as_array_mut) else { return };
    annotations.retain(|each| each["key"] != key);
    annotations.push(json!({"key": key, "value": value}));
}

/// The configuration of a rule made of a template. Tokens: `default.project`, `default.logstore`, `default.region`,
/// `default.action_policy`, `default.severity`, `default.repeatInterval`, `sendResolved`, and the template's parameters.
pub fn rule(id: &str, language: &str, tokens: &BTreeMap<String, String>) -> Result<Value, ExpandError> {
    let template = template(id).ok_or(ExpandError::UnknownTemplate)?;
    if !matches!(language, "" | "cn" | "en") {
        return Err(ExpandError::UnknownLanguage);
    }
    let token = |name: &str| tokens.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let wrong = |name: &str, message| ExpandError::Token { token: name.to_owned(), message };
    let store = token("default.logstore").ok_or_else(|| wrong("default.logstore", "is required"))?;
    let severity = match token("default.severity") {
        None => template.severity.number(),
        Some(text) => {
            let severity = text.parse().ok().and_then(|number: u8| Severity::try_from(number).ok());
            severity.ok_or_else(|| wrong("default.severity", "must be 2, 4, 6, 8 or 10"))?.number()
        }
    };
    let fill = |text: &str| with_parameters(template, text, tokens);
    let kind = if template.group.is_empty() { "no_group" } else { "custom" };
    let action_policy = token("default.action_policy").or(template.action_policy.as_deref()).unwrap_or(POLICY);
    Ok(json!({
        "version": "2.0",
        "type": "default",
        "dashboard": "internal-alert-analysis",
        "queryList": [{
            "storeType": "log",
            "region": token("default.region").unwrap_or_default(),
            "project": token("default.project").unwrap_or_default(),
            "store": store,
            "query": fill(&template.query)?,
            "timeSpanType": "Relative",
            "start": format!("-{}", template.window),
            "end": "now",
            "powerSqlMode": "disable",
        }],
        "joinConfigurations": [],
        "groupConfiguration": {"type": kind, "fields": template.group},
        "severityConfigurations": [{
            "severity": severity,
            "evalCondition": {"condition": fill(&template.condition)?, "countCondition": ""},
        }],
        "conditionConfiguration": {"condition": "", "countCondition": ""},
        "threshold": 1,
        "noDataFire": false,
        "noDataSeverity": 6,
        "sendResolved": token("sendResolved") == Some("true"),
        "autoAnnotation": false,
        "labels": [],
        "annotations": [
            {"key": "title", "value": template.name.in_language(language)},
            {"key": "desc", "value": fill(template.message.in_language(language))?},
        ],
        "muteUntil": 0,
        "policyConfiguration": {
            "alertPolicyId": POLICY,
            "actionPolicyId": action_policy,
            "repeatInterval": token("default.repeatInterval").or(template.repeat.as_deref()).unwrap_or("2h"),
        },
    }))
}

impl Template {
    /// How a rule made of it is scheduled, unless somebody says otherwise.
    pub fn schedule(&self) -> Value {
        json!({"type": "FixedRate", "interval": self.interval, "delay": 0, "runImmediately": false})
    }
}

/// The longest value of a parameter, in characters.
const PARAMETER_CHARACTERS_MAX: usize = 256;

fn with_parameters(template: &Template, text: &str, tokens: &BTreeMap<String, String>) -> Result<String, ExpandError> {
    let mut text = text.to_owned();
    for (name, default) in &template.parameters {
        let value = tokens.get(name).filter(|value| !value.is_empty()).unwrap_or(default);
        // Nothing that could end a quotation or begin SQL of its own.
        let is_plain = value.chars().all(|each| each.is_alphanumeric() || " _.:/*,-".contains(each));
        if !is_plain || value.chars().count() > PARAMETER_CHARACTERS_MAX {
            let message = "must be letters, digits and _ . : / * , - only, at most 256";
            return Err(ExpandError::Token { token: name.clone(), message });
        }
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
