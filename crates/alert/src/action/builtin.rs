//! The action policies that Cairn brings along, under the ids that Log Service's rules name.
//!
//! Each sends to the Message Center and mails the user group `default_group`, which an account makes when it wants mail: a
//! group that does not exist is left out with a reason.

use serde_json::{Value as Json, json};

/// The user group that the built-in policies mail.
pub const DEFAULT_GROUP: &str = "default_group";

/// The records, as clients read them.
pub fn records() -> Vec<Json> {
    let always = |template: &str| script(template, "any");
    vec![
        record("sls.builtin", "SLS Builtin Action Policy", &always("sls.builtin.en")),
        record(
            "sls.app.actiontrail.builtin",
            "ActionTrail Builtin Action Policy",
            &always("sls.app.actiontrail.builtin.en"),
        ),
        // The rule on sign-ins outside working time names this one: the calendar is what makes its alerts worth a message.
        record(
            "actiontrail.calendar_policy",
            "ActionTrail Calendar Action Policy",
            &script("sls.app.actiontrail.builtin.en", "non_worktime"),
        ),
    ]
}

fn script(template: &str, period: &str) -> String {
    format!(
        "fire(type=\"message_center\", template_id=\"{template}\", period=\"{period}\")\n\
         fire(type=\"email\", groups=[\"{DEFAULT_GROUP}\"], template_id=\"{template}\", check_quota=\"true\", period=\"{period}\")\n"
    )
}

fn record(id: &str, name: &str, primary: &str) -> Json {
    json!({
        "action_policy_id": id,
        "action_policy_name": name,
        "labels": {},
        "is_default": true,
        "primary_policy_script": primary,
        "secondary_policy_script": "",
        "escalation_start_enabled": false,
        "escalation_start_timeout": "10m",
        "escalation_inprogress_enabled": false,
        "escalation_inprogress_timeout": "30m",
        "escalation_enabled": false,
        "escalation_timeout": "4h",
    })
}
