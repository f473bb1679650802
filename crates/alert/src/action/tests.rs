use std::collections::BTreeSet;

use model::Timestamp;
use serde_json::json;

use super::*;
use crate::calendar::Period;
use crate::specimen::{NOW, alert, later};
use crate::{Channel, Severity};

fn record(primary: &str) -> Json {
    json!({
        "action_policy_id": "team-policy",
        "action_policy_name": "Team policy",
        "labels": {},
        "is_default": false,
        "primary_policy_script": primary,
        "secondary_policy_script": "fire(type=\"voice\", oncall_groups=[\"night-shift\"])",
        "escalation_start_enabled": true,
        "escalation_start_timeout": "10m",
        "escalation_inprogress_enabled": true,
        "escalation_inprogress_timeout": "30m",
        "escalation_enabled": true,
        "escalation_timeout": "4h0m0s",
    })
}

#[test]
fn what_terraform_leaves_out_is_optional() {
    let policy = ActionPolicy::parse(&json!({
        "action_policy_id": "landing-zone", "action_policy_name": "Landing zone", "labels": {}, "is_default": false,
        "primary_policy_script": "fire(type=\"email\", groups=[\"security\"], template_id=\"sls.app.actiontrail.builtin.cn\", period=\"any\")",
    }))
    .unwrap();
    assert_eq!((policy.secondary.len(), policy.start_timeout, policy.timeout), (0, None, None));
    let run = policy.run(Stage::Secondary, &[&alert(&[])]);
    assert_eq!((run.planned.len(), run.steps[0].what.as_str()), (0, "the script is empty"));
}

#[test]
fn a_record_that_means_nothing_is_refused() {
    let message = |change: &dyn Fn(&mut Json)| {
        let mut record = record("stop()");
        change(&mut record);
        ActionPolicy::parse(&record).unwrap_err().to_string()
    };
    let script = |text: &str| message(&|record| record["primary_policy_script"] = json!(text));
    assert_eq!(
        script("fire(users=[])"),
        "primary_policy_script: line 1, column 1: fire() wants a type, such as type=\"email\""
    );
    assert!(script("fire(type=\"pigeon\")").contains("none of sms, voice, email, webhook_integration"));
    assert!(script("fire(type=\"sms\", users=\"alice\")").contains("users wants a list of ids"));
    assert!(script("fire(type=\"sms\", period=\"night\")").contains("period is one of any, workday"));
    assert!(script("fire(type=\"webhook_integration\")").contains("wants a webhook_id"));
    assert!(script("fire(type=\"sms\", receiver_type=\"dynamic\")").contains("want an external_url"));
    assert!(script("stop(1=2)").contains("line 1"));
    assert!(script("stop(now=true)").contains("stop() takes no arguments"));
    assert!(
        script(&"fire(type=\"sms\")\n".repeat(FIRES_MAX + 1))
            .contains("line 201, column 1: a script has at most 200 fire()")
    );
    assert_eq!(
        message(&|record| record["escalation_timeout"] = json!("soon")),
        "escalation_timeout: \"soon\" is no length of time; write 15s, 5m, 2h, 1d or 4h0m0s"
    );
    assert!(
        message(&|record| record["action_policy_id"] = json!("abcd"))
            .starts_with("action_policy_id: should have 5 to 60")
    );
    assert!(message(&|record| record["action_policy_name"] = json!("a|b")).contains("should not contain '|'"));
    assert!(message(&|record| record["labels"] = json!([])).contains("labels: should be an object"));
}

#[test]
fn a_run_plans_what_its_conditions_let_through_and_says_why() {
    let script = "if alert.severity >= 8:\n    fire(type=\"webhook_integration\", integration_type=\"dingtalk\", webhook_id=\"robot\", users=[\"alice\"], at=\"all\", period=\"worktime\")\n    if alerts.severity >= 8:\n        stop()\nelse:\n    stop()\nfire(type=\"email\", users=[\"bob\", alert.labels.owner], check_quota=\"false\", template_id=\"\")\nfire(type=\"sms\", receiver_type=\"dynamic\", external_url=\"https://example.net/who\", external_headers={\"x-key\": \"1\"})\n";
    let policy = ActionPolicy::parse(&record(script)).unwrap();
    let (mut low, high) = (alert(&[("owner", "carol")]), alert(&[("owner", "bob")]));
    low.severity = Severity::Low;

    let run = policy.run(Stage::Primary, &[&low, &high]);
    let [robot, mail, sms] = &run.planned[..] else { panic!("{run:?}") };
    assert_eq!(
        (robot.channel, robot.webhook_id.as_deref(), robot.period),
        (Channel::Dingtalk, Some("robot"), Period::Worktime)
    );
    assert_eq!((robot.extra["at"].as_str(), robot.check_quota, robot.line), (Some("all"), true, 2));
    // A field stands for what it is in each alert; somebody named twice is named once.
    assert_eq!(
        (&mail.users, mail.check_quota, &mail.template_id),
        (&vec!["bob".to_owned(), "carol".into()], false, &None)
    );
    let headers = [("x-key".to_owned(), "1".to_owned())].into();
    assert_eq!(sms.receiver, Receiver::Dynamic { url: "https://example.net/who".into(), headers });
    let steps: Vec<(usize, &str, Option<bool>)> =
        run.steps.iter().map(|step| (step.line, step.what.as_str(), step.held)).collect();
    assert_eq!(
        steps,
        [
            (1, "alert.severity >= 8 held: 1 of 2 alerts", Some(true)),
            (2, "planned dingtalk to users alice through robot in worktime", None),
            (3, "alerts.severity >= 8 did not hold: 1 of 2 alerts", Some(false)),
            (7, "planned email to users bob, carol", None),
            (8, "planned sms", None),
        ]
    );

    assert_eq!(policy.run(Stage::Primary, &[&high]).planned.len(), 1);
    let quiet = policy.run(Stage::Primary, &[&low]);
    assert_eq!((quiet.planned.len(), quiet.steps.last().unwrap().what.as_str()), (0, "stopped here"));
    assert_eq!(policy.run(Stage::Primary, &[]).planned.len(), 0);
    assert_eq!(policy.run(Stage::Secondary, &[&low]).planned[0].oncall_groups, ["night-shift"]);
    let stored: Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
    assert_eq!(stored, run);
}

#[test]
fn receivers_in_the_script_itself_and_unknown_arguments_are_kept() {
    let script = "fire(type=\"webhook\", url=\"https://example.net/hook\", method=\"PUT\", headers=[{\"key\": \"a\", \"value\": \"b\"}], note=alert.project)\nfire(type=\"event_bridge\", bus=\"orders\")";
    let run = ActionPolicy::parse(&record(script)).unwrap().run(Stage::Primary, &[&alert(&[])]);
    let inline = run.planned[0].inline().unwrap();
    assert_eq!(
        (inline.url.as_str(), inline.method.as_str(), inline.headers["a"].as_str()),
        ("https://example.net/hook", "PUT", "b")
    );
    assert_eq!(run.planned[0].extra["note"], "audit");
    assert_eq!((run.planned[1].channel, run.planned[1].inline()), (Channel::EventBridge, None));
    let unknown: Vec<&str> = run.planned[1].extra.keys().map(String::as_str).collect();
    assert_eq!((unknown, &run.planned[1].extra["bus"]), (vec!["bus"], &json!("orders")));
}

#[test]
fn a_field_may_name_the_webhook() {
    let script = "fire(type=\"webhook_integration\", webhook_id=alert.labels.robot)";
    let policy = ActionPolicy::parse(&record(script)).unwrap();
    assert_eq!(
        policy.run(Stage::Primary, &[&alert(&[("robot", "blue")])]).planned[0].webhook_id.as_deref(),
        Some("blue")
    );
    // What Go's client writes of a policy with nothing else in it.
    let zeroes = json!({
        "action_policy_id": "from-go", "action_policy_name": "Go", "is_default": false, "primary_policy_script": script,
        "secondary_policy_script": "", "escalation_start_enabled": false, "escalation_start_timeout": "",
        "escalation_inprogress_enabled": false, "escalation_inprogress_timeout": "", "escalation_enabled": false,
        "escalation_timeout": "", "labels": null,
    });
    assert_eq!(ActionPolicy::parse(&zeroes).unwrap().timeout, None);
}

#[test]
fn each_clock_of_an_incident_rings_once() {
    let policy = ActionPolicy::parse(&record("stop()")).unwrap();
    let mut incident = Incident { fired_at: NOW, confirmed_at: None, ended_at: None, escalated: BTreeSet::new() };
    let due = |incident: &Incident, at: Timestamp| -> Vec<EscalationKind> {
        escalations(incident, &policy, at).into_iter().map(|due| due.kind).collect()
    };
    assert_eq!(next_escalation(&incident, &policy), Some(later(600)));
    assert_eq!(due(&incident, later(599)), []);
    assert_eq!(due(&incident, later(600)), [EscalationKind::NotStarted]);
    incident.escalated.insert(EscalationKind::NotStarted);
    assert_eq!(next_escalation(&incident, &policy), Some(later(4 * 3600)));
    incident.confirmed_at = Some(later(700));
    assert_eq!(due(&incident, later(700 + 1800)), [EscalationKind::InProgress]);
    // A node that was down finds both, the earlier first.
    assert_eq!(due(&incident, later(90_000)), [EscalationKind::InProgress, EscalationKind::Unresolved]);
    incident.ended_at = Some(later(1000));
    assert_eq!((due(&incident, later(90_000)), next_escalation(&incident, &policy)), (vec![], None));
    // Confirmed in time: the first clock never rings.
    let in_time = Incident { fired_at: NOW, confirmed_at: Some(later(5)), ended_at: None, escalated: BTreeSet::new() };
    assert_eq!(due(&in_time, later(1500)), []);
}

#[test]
fn built_in_policies_are_valid_and_reach_inbox_and_default_group() {
    for record in builtin::records() {
        let policy = ActionPolicy::parse(&record).unwrap();
        let run = policy.run(Stage::Primary, &[&alert(&[])]);
        let channels: Vec<Channel> = run.planned.iter().map(|planned| planned.channel).collect();
        assert_eq!(channels, [Channel::MessageCenter, Channel::Email], "{}", policy.id);
        assert_eq!(run.planned[1].groups, [builtin::DEFAULT_GROUP]);
        let graph = Graph::of(&policy.primary).unwrap();
        assert_eq!(graph.script().unwrap(), policy.primary);
    }
}
