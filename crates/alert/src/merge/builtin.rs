//! The alert policies that Cairn brings along, under the ids that Log Service's rules name.
//!
//! All of them make a set of what has the same rule and labels. `sls.builtin.dynamic` takes action policy and repeat interval from the
//! rule; `sls.app.actiontrail.builtin` does where the rule has them; `sls.root` is the parent that policies may name.

use serde_json::{Value as Json, json};

const WAITS: &str = "group_wait=\"15s\", group_interval=\"5m\"";
const GROUP: &str =
    "group={\"alert.project\": alert.project, \"alert.alert_id\": alert.alert_id}, group_by_all_labels=true";

/// The records, as clients read them.
pub fn records() -> Vec<Json> {
    let fixed = |id: &str| format!("fire(action_policy=\"{id}\", {GROUP}, {WAITS}, repeat_interval=\"2h\")");
    let of_rule = format!(
        "fire(action_policy=alert.policy.action_policy_id, {GROUP}, {WAITS}, repeat_interval=alert.policy.repeat_interval)"
    );
    let actiontrail = "sls.app.actiontrail.builtin";
    let either =
        format!("if alert.policy.action_policy_id == \"\":\n    {}\nelse:\n    {of_rule}\n", fixed(actiontrail));
    vec![
        record("sls.root", "SLS Root Alert Policy", "", ""),
        record("sls.builtin", "SLS Builtin Alert Policy", "sls.root", &fixed("sls.builtin")),
        record("sls.builtin.dynamic", "SLS Dynamic Alert Policy", "sls.root", &of_rule),
        record(actiontrail, "ActionTrail Builtin Alert Policy", "sls.root", &either),
    ]
}

fn record(id: &str, name: &str, parent: &str, group: &str) -> Json {
    json!({
        "policy_id": id,
        "policy_name": name,
        "parent_id": parent,
        "is_default": true,
        "group_script": group,
        "inhibit_script": "",
        "silence_script": "",
    })
}
