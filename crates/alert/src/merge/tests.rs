use serde_json::json;

use super::*;
use crate::specimen::{NOW, alert, later};
use crate::{Severity, Status};

mod model_test;
mod policy_test;
mod quiet_test;
mod set_test;

fn policy(group: &str, inhibit: &str, silence: &str) -> AlertPolicy {
    AlertPolicy::parse(&json!({
        "policy_id": "policy", "policy_name": "A policy", "parent_id": "", "is_default": false,
        "group_script": group, "inhibit_script": inhibit, "silence_script": silence,
    }))
    .unwrap()
}

const BY_PROJECT: &str = "fire(action_policy=\"team\", group={\"p\": alert.project}, group_wait=\"15s\", group_interval=\"5m\", repeat_interval=\"1h\")";

fn builtin_policy(id: &str) -> AlertPolicy {
    let record = builtin::records().into_iter().find(|record| record["policy_id"] == id).unwrap();
    AlertPolicy::parse(&record).unwrap()
}

fn resolved(mut alert: Alert, at: Timestamp) -> Alert {
    alert.status = Status::Resolved;
    alert.alert_time = at;
    alert.resolve_time = Some(at);
    alert
}

fn users(telling: &Telling) -> Vec<&str> {
    telling.alerts.iter().map(|alert| alert.labels["user"].as_str()).collect()
}

/// A set of one policy whose clock is turned by hand.
struct Desk {
    policy: AlertPolicy,
    silences: Silences,
    sets: MergeSets,
}

impl Desk {
    fn new(policy: AlertPolicy) -> Desk {
        Desk { policy, silences: Silences::default(), sets: MergeSets::default() }
    }

    fn add(&mut self, alert: Alert, at: Timestamp) -> Added {
        let route = self.policy.routes(None, &alert).unwrap().remove(0);
        self.sets.add(&route, alert, at)
    }

    fn due(&mut self, at: Timestamp) -> Vec<Telling> {
        let quiet = |_: &str| Quiet { policy: Some(&self.policy), parent: None, silences: &self.silences };
        self.sets.due(at, &quiet)
    }
}
