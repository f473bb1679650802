//! The records of an account that decide who hears of what, read: policies, templates, people. Those that Cairn brings
//! along are there for every account; a record of the account counts before a built-in one of its id.

use std::collections::HashMap;
use std::sync::LazyLock;

use alert::action::{self, ActionPolicy};
use alert::merge::{self, AlertPolicy};
use alert::recipients::Directory;
use alert::rule::Rule;
use alert::rule::legacy::Notification;
use alert::template::{self, ContentTemplate};
use catalog::AlertRule;
use serde_json::Value;

use super::legacy;

const ALERT_POLICY: &str = "sls.alert.alert_policy";
const ACTION_POLICY: &str = "sls.alert.action_policy";
const TEMPLATE: &str = "sls.alert.content_template";

/// The resources whose records are read.
pub(crate) const RESOURCES: [&str; 7] = [
    ALERT_POLICY,
    ACTION_POLICY,
    TEMPLATE,
    "sls.common.user",
    "sls.common.user_group",
    "sls.alert.oncall_group",
    "sls.common.calendar",
];

/// Read once, when records change.
#[derive(Default)]
pub struct Book {
    alert_policies: HashMap<String, Result<AlertPolicy, String>>,
    action_policies: HashMap<String, Result<ActionPolicy, String>>,
    templates: HashMap<String, Result<ContentTemplate, String>>,
    people: Directory,
    /// What rules of version 1 say themselves.
    legacy: HashMap<String, Vec<Notification>>,
}

static BUILTIN: LazyLock<Book> = LazyLock::new(|| {
    let mut book = Book::default();
    for record in merge::builtin::records() {
        book.add(ALERT_POLICY, record["policy_id"].as_str().unwrap_or_default(), &record);
    }
    book.add(ALERT_POLICY, legacy::POLICY, &legacy::policy());
    for record in action::builtin::records() {
        book.add(ACTION_POLICY, record["action_policy_id"].as_str().unwrap_or_default(), &record);
    }
    book
});

impl Book {
    /// Of records: resource, id and value. Those that cannot be read are remembered with what is wrong.
    pub fn of<'r>(records: impl IntoIterator<Item = (&'r str, &'r str, &'r str)>) -> Book {
        let mut book = Book::default();
        for (resource, id, value) in records {
            book.add(resource, id, &serde_json::from_str(value).unwrap_or(Value::Null));
        }
        book
    }

    fn add(&mut self, resource: &str, id: &str, value: &Value) {
        let id = id.to_owned();
        match resource {
            ALERT_POLICY => {
                self.alert_policies.insert(id, AlertPolicy::parse(value).map_err(|error| error.to_string()));
            }
            ACTION_POLICY => {
                self.action_policies.insert(id, ActionPolicy::parse(value).map_err(|error| error.to_string()));
            }
            TEMPLATE => {
                self.templates.insert(id, ContentTemplate::parse(value).map_err(|error| error.to_string()));
            }
            _ => {
                if let Err(error) = self.people.add(resource, value) {
                    tracing::warn!(resource, id, %error, "a record of alerting cannot be read");
                }
            }
        }
    }

    /// Takes in what a rule of version 1 says about its notifications; nothing of others.
    pub fn add_legacy(&mut self, row: &AlertRule, rule: &Rule) {
        if let Some(own) = &rule.legacy {
            self.legacy.insert(legacy::action_policy(row), own.notifications.clone());
        }
    }

    pub(crate) fn legacy(&self, action_policy: &str) -> Option<&[Notification]> {
        self.legacy.get(action_policy).map(Vec::as_slice)
    }

    pub(crate) fn alert_policy(&self, id: &str) -> Result<&AlertPolicy, String> {
        let found = self.alert_policies.get(id).or_else(|| BUILTIN.alert_policies.get(id));
        told("alert policy", id, found)
    }

    pub(crate) fn action_policy(&self, id: &str) -> Result<&ActionPolicy, String> {
        let found = self.action_policies.get(id).or_else(|| BUILTIN.action_policies.get(id));
        told("action policy", id, found)
    }

    /// The template, or a built-in one and what is wrong with the one that is meant.
    pub(crate) fn template(&self, id: &str) -> (&ContentTemplate, Option<String>) {
        let usual = || template::builtin(super::USUAL_TEMPLATE).expect("it is one of those Cairn brings along");
        match self.templates.get(id) {
            Some(Ok(template)) => (template, None),
            Some(Err(wrong)) => {
                (usual(), Some(format!("template {id} cannot be read: {wrong}; a built-in one was used")))
            }
            None => match template::builtin(id) {
                Some(template) => (template, None),
                None => (usual(), Some(format!("there is no template {id}; a built-in one was used"))),
            },
        }
    }

    pub(crate) fn people(&self) -> &Directory {
        &self.people
    }
}

fn told<'b, T>(what: &str, id: &str, found: Option<&'b Result<T, String>>) -> Result<&'b T, String> {
    match found {
        Some(Ok(policy)) => Ok(policy),
        Some(Err(wrong)) => Err(format!("{what} {id} cannot be read: {wrong}")),
        None => Err(format!("there is no {what} {id:?}")),
    }
}
