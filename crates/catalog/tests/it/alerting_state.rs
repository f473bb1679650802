//! What alerting remembers: the one transaction, incidents, the outbox, silences.

use std::collections::HashSet;

use catalog::{
    AlertChange, AlertRuleId, AlertRuleState, AlertSilence, Applied, Catalog, CatalogError, Ended, EvaluatedRule,
    HISTORY_LOGSTORE, HandledIncident, InboxMessage, Incident, IncidentChange, IncidentFilter, IncidentStatus,
    MergeSetState, NewAlertRule, Notification, NotificationFilter, NotificationOutcome, OutboxKind, OutboxRow,
    ProjectKind, QuotaUse,
};
use model::trail::Selector;
use model::{ErrorKind, Seq, Timestamp};

use crate::samples::{AT, account, alert_rule, catalog, other_account, project};

fn later(seconds: i64) -> Timestamp {
    Timestamp(AT.0 + seconds * 1000)
}

async fn with_rule() -> (Catalog, AlertRuleId) {
    let catalog = catalog().await;
    catalog.project_create(&project(account(), "audit", ProjectKind::Embedded)).await.unwrap();
    let id = catalog.alert_rule_create(&rule(), AT, 10).await.unwrap();
    (catalog, id)
}

fn rule() -> NewAlertRule {
    alert_rule(account(), "rule-1")
}

fn ran(rule: AlertRuleId, version: u64, through: Timestamp) -> EvaluatedRule {
    let state = AlertRuleState {
        rule,
        version,
        state: "{}".into(),
        evaluated_through: through,
        status: "inactive".into(),
        reason: String::new(),
    };
    EvaluatedRule { account: account(), project: "audit".into(), state, history: vec![row("event-1", "history")] }
}

fn row(id: &str, channel: &str) -> OutboxRow {
    let kind = if channel == "history" { OutboxKind::History } else { OutboxKind::Notification };
    OutboxRow {
        id: id.into(),
        kind,
        account: account(),
        channel: channel.into(),
        due: AT,
        attempts: 0,
        body: "{}".into(),
        created: AT,
    }
}

fn incident(id: &str, fired: Timestamp, last_seen: Timestamp) -> IncidentChange {
    IncidentChange::Fires(Box::new(Incident {
        id: id.into(),
        account: account(),
        project: "audit".into(),
        rule: "rule-1".into(),
        rule_id: AlertRuleId(1),
        title: "Rule".into(),
        fingerprint: "f".into(),
        status: IncidentStatus::Firing,
        severity: 8,
        fired,
        last_seen,
        ended: None,
        handled_by: None,
        handled: None,
        note: String::new(),
        action_policy: String::new(),
        told: None,
        escalated: 0,
        alert: "{}".into(),
    }))
}

fn notification(id: &str, outcome: NotificationOutcome) -> Notification {
    Notification {
        id: id.into(),
        account: account(),
        project: "audit".into(),
        rule: "rule-1".into(),
        action_policy: "sls.builtin".into(),
        channel: "webhook".into(),
        recipient: "hook".into(),
        outcome,
        code: "group_wait".into(),
        reason: "first notification".into(),
        incidents: vec!["i1".into()],
        title: "Rule".into(),
        attempts: 0,
        created: AT,
        finished: None,
    }
}

async fn incidents(catalog: &Catalog, statuses: &[IncidentStatus]) -> Vec<Incident> {
    let filter = IncidentFilter { statuses: statuses.to_vec(), limit: 10, ..IncidentFilter::default() };
    let (page, all) = catalog.incident_list(account(), &filter).await.unwrap();
    assert_eq!(page.len() as u64, all);
    page
}

#[tokio::test]
async fn a_change_is_written_whole_or_not_at_all() {
    let (catalog, rule_id) = with_rule().await;
    let mut change = AlertChange {
        rules: vec![ran(rule_id, 1, later(60))],
        incidents: vec![incident("i1", later(60), later(60))],
        sets: vec![MergeSetState {
            account: account(),
            policy: "p".into(),
            key: "k".into(),
            state: Some("{\"a\":1}".into()),
        }],
        notifications: vec![notification("n1", NotificationOutcome::Waiting)],
        outbox: vec![row("n1", "webhook")],
        answered: Vec::new(),
        inbox: Vec::new(),
        quotas: vec![QuotaUse { account: account(), recipient: "u".into(), channel: "sms".into(), day: 7 }; 2],
        cursors: vec![("stream", Seq(5))],
    };
    assert_eq!(catalog.alert_apply(&change, AT).await.unwrap(), Applied::Done);
    assert_eq!(catalog.alert_rule_states().await.unwrap(), [change.rules[0].state.clone()]);
    let unknown = catalog::AlertRuleId(rule_id.0 + 1);
    let states = catalog.alert_rule_states_of(&[unknown, rule_id]).await.unwrap();
    assert_eq!(states, [change.rules[0].state.clone()]);
    assert!(catalog.alert_rule_states_of(&[unknown]).await.unwrap().is_empty());
    assert_eq!(catalog.alert_merge_sets().await.unwrap(), change.sets);
    assert_eq!(catalog.alert_quotas(account(), 7).await.unwrap(), [(change.quotas[0].clone(), 2)]);
    assert_eq!(catalog.alert_cursor("stream").await.unwrap(), Some(Seq(5)));
    let logstore = catalog.logstore_find(account(), "audit", HISTORY_LOGSTORE).await.unwrap().unwrap();
    let view = catalog.logstore_view(&logstore, AT).await.unwrap();
    assert_eq!(view.parts()[0].selector.as_deref(), Some(&Selector::alert_history("audit")));

    // The rule is changed while somebody evaluates it.
    catalog.alert_rule_update(&rule(), later(61)).await.unwrap();
    change.rules[0].state.evaluated_through = later(120);
    change.cursors = vec![("stream", Seq(9))];
    change.notifications.clear();
    let outdated = Applied::Outdated(HashSet::from([rule_id]));
    assert_eq!(catalog.alert_apply(&change, AT).await.unwrap(), outdated);
    assert_eq!(catalog.alert_cursor("stream").await.unwrap(), Some(Seq(5)));
    assert_eq!(catalog.alert_rule_state(rule_id).await.unwrap().unwrap().evaluated_through, later(60));

    // A notification whose id is taken takes the rest back with it.
    change.rules[0].state.version = 2;
    change.notifications = vec![notification("n1", NotificationOutcome::Waiting)];
    assert!(catalog.alert_apply(&change, AT).await.is_err());
    assert_eq!(catalog.alert_cursor("stream").await.unwrap(), Some(Seq(5)));

    // A set that is gone, and a project that goes with everything of its rules.
    change.notifications.clear();
    change.sets[0].state = None;
    assert_eq!(catalog.alert_apply(&change, AT).await.unwrap(), Applied::Done);
    assert!(catalog.alert_merge_sets().await.unwrap().is_empty());
    assert_eq!(catalog.alert_cursor("stream").await.unwrap(), Some(Seq(9)));
    catalog.alert_cursor_forget("stream").await.unwrap();
    assert_eq!(catalog.alert_cursor("stream").await.unwrap(), None);
    catalog.project_delete(account(), "audit", ProjectKind::Embedded).await.unwrap();
    assert!(catalog.alert_rule_states().await.unwrap().is_empty());
    assert!(catalog.logstore_find(account(), "audit", HISTORY_LOGSTORE).await.unwrap().is_none());
    assert_eq!(catalog.incidents_end_orphans(later(300)).await.unwrap(), 1);
}

#[tokio::test]
async fn an_incident_goes_on_until_it_ends_and_what_people_did_stays() {
    let (catalog, _) = with_rule().await;
    let apply = async |changes: Vec<IncidentChange>| {
        let change = AlertChange { incidents: changes, ..AlertChange::default() };
        catalog.alert_apply(&change, AT).await.unwrap();
    };
    apply(vec![incident("i1", later(0), later(0))]).await;
    apply(vec![incident("i1", later(0), later(60))]).await;
    let open = incidents(&catalog, &[IncidentStatus::Firing]).await;
    assert_eq!((open.len(), open[0].last_seen, open[0].ended), (1, later(60), None));
    assert_eq!(catalog.incident_severities(account()).await.unwrap(), [(8, 1)]);
    assert_eq!(catalog.incident_severities(other_account()).await.unwrap(), []);

    let told = IncidentChange::Told {
        id: "i1".into(),
        action_policy: "p".into(),
        at: later(61),
        escalate_at: Some(later(90)),
    };
    apply(vec![told]).await;
    assert!(catalog.incidents_to_escalate(later(89), 10).await.unwrap().is_empty());
    assert_eq!(catalog.incidents_to_escalate(later(90), 10).await.unwrap().len(), 1);
    apply(vec![IncidentChange::Escalated { id: "i1".into(), bits: 1, escalate_at: None }]).await;
    assert!(catalog.incidents_to_escalate(later(90), 10).await.unwrap().is_empty());
    let by = |status| catalog.incident_handle(account(), "i1", status, "alice", "looking", later(62));
    assert_eq!(by(IncidentStatus::Confirmed).await.unwrap().handled_by.as_deref(), Some("alice"));
    assert_eq!(catalog.incidents_to_escalate(later(90), 10).await.unwrap().len(), 1, "its clocks are others now");
    let handled = async |account| catalog.incidents_handled(account, &["f".into(), "g".into()]).await.unwrap();
    let confirmed = HandledIncident { id: "i1".into(), fingerprint: "f".into(), status: IncidentStatus::Confirmed };
    assert_eq!(handled(account()).await, std::slice::from_ref(&confirmed));
    assert!(handled(other_account()).await.is_empty());
    by(IncidentStatus::Ignored).await.unwrap();
    assert_eq!(handled(account()).await, [HandledIncident { status: IncidentStatus::Ignored, ..confirmed }]);
    by(IncidentStatus::Firing).await.unwrap();
    assert!(handled(account()).await.is_empty());
    let foreign = catalog.incident_handle(other_account(), "i1", IncidentStatus::Ignored, "eve", "", AT).await;
    assert_eq!(foreign.unwrap_err().kind(), ErrorKind::NotFound);

    by(IncidentStatus::Confirmed).await.unwrap();

    // Ended by hand, it stays ended while the same alert goes on; a later fire is another incident.
    by(IncidentStatus::Resolved).await.unwrap();
    assert!(handled(account()).await.is_empty());
    apply(vec![incident("i1", later(0), later(120))]).await;
    assert!(incidents(&catalog, &[IncidentStatus::Firing, IncidentStatus::Confirmed]).await.is_empty());
    assert_eq!(by(IncidentStatus::Ignored).await.unwrap_err().kind(), ErrorKind::NotFound);
    apply(vec![incident("i2", later(600), later(600))]).await;
    apply(vec![incident("i3", later(700), later(700))]).await;
    let open = catalog.incidents_open(account(), &["f".into()]).await.unwrap();
    assert_eq!(open.iter().map(|each| each.id.as_str()).collect::<Vec<_>>(), ["i3"], "i2 had no end of its own");
    apply(vec![IncidentChange::Ends { account: account(), fingerprint: "f".into(), at: later(800) }]).await;
    assert_eq!(incidents(&catalog, &[IncidentStatus::Resolved]).await.len(), 3);
    assert_eq!(catalog.alert_forget(later(750)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_row_of_the_outbox_stays_until_its_last_attempt() {
    let (catalog, _) = with_rule().await;
    let waiting = |id| notification(id, NotificationOutcome::Waiting);
    let change = AlertChange {
        notifications: vec![waiting("n1"), waiting("n2"), notification("n3", NotificationOutcome::Suppressed)],
        outbox: vec![row("n1", "webhook"), row("n2", "webhook"), row("event-1", "history")],
        inbox: vec![InboxMessage {
            id: "n4".into(),
            account: account(),
            severity: 8,
            title: "t".into(),
            content: "c".into(),
            created: AT,
            read: None,
        }],
        ..AlertChange::default()
    };
    catalog.alert_apply(&change, AT).await.unwrap();
    let due = async |channel, now| {
        let rows = catalog.outbox_due(OutboxKind::Notification, channel, now, 10).await.unwrap();
        rows.into_iter().map(|row| (row.id, row.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(due("webhook", AT).await, [("n1".to_owned(), 0), ("n2".to_owned(), 0)]);
    assert!(due("webhook", Timestamp(AT.0 - 1)).await.is_empty() && due("email", AT).await.is_empty());
    let waiting = catalog.outbox_waiting(OutboxKind::Notification).await.unwrap();
    assert_eq!(waiting, [("webhook".to_owned(), 2, AT)]);

    catalog.notification_attempted("n1", Ended::Retry(later(5)), "503", later(1)).await.unwrap();
    assert_eq!(due("webhook", later(4)).await, [("n2".to_owned(), 0)]);
    catalog.notification_attempted("n1", Ended::Sent, "200", later(5)).await.unwrap();
    assert_eq!(due("webhook", later(9)).await, [("n2".to_owned(), 0)]);
    let attempts = catalog.notification_attempts(account(), "n1").await.unwrap();
    let attempts: Vec<_> =
        attempts.iter().map(|each| (each.number, each.outcome.as_str(), each.detail.as_str())).collect();
    assert_eq!(attempts, [(1, "retry", "503"), (2, "sent", "200")]);
    assert!(catalog.notification_attempts(other_account(), "n1").await.unwrap().is_empty());
    assert_eq!(catalog.outbox_give_up_oldest(0, "too many", later(9)).await.unwrap(), 1);

    let filter = NotificationFilter { incident: Some("i1".into()), limit: 10, ..NotificationFilter::default() };
    let (log, all) = catalog.notification_list(account(), &filter).await.unwrap();
    let outcome = |id: &str| log.iter().find(|each| each.id == id).unwrap().outcome;
    let outcomes = [outcome("n1"), outcome("n2"), outcome("n3")];
    assert_eq!(outcomes, [NotificationOutcome::Sent, NotificationOutcome::Failed, NotificationOutcome::Suppressed]);
    assert_eq!(all, 3);
    let history = catalog.outbox_due(OutboxKind::History, "history", AT, 10).await.unwrap();
    catalog.outbox_done(&[history[0].id.clone()]).await.unwrap();
    assert!(catalog.outbox_waiting(OutboxKind::History).await.unwrap().is_empty());

    assert_eq!(catalog.inbox_list(account(), true, 0, 10).await.unwrap().1, 1);
    catalog.inbox_read(account(), &["n4".into()], later(1)).await.unwrap();
    assert_eq!(catalog.inbox_list(account(), true, 0, 10).await.unwrap().1, 0);
    assert_eq!(catalog.inbox_list(account(), false, 0, 10).await.unwrap().0[0].read, Some(later(1)));
}

#[tokio::test]
async fn silences_have_an_end_and_a_limit() {
    let catalog = catalog().await;
    let silence = |id: &str, ends| AlertSilence {
        id: id.into(),
        account: account(),
        matchers: "[]".into(),
        starts: AT,
        ends,
        reason: "maintenance".into(),
        creator: "alice".into(),
        created: AT,
    };
    catalog.silence_create(&silence("s1", later(60)), 1).await.unwrap();
    let full = catalog.silence_create(&silence("s2", later(60)), 1).await.unwrap_err();
    assert!(matches!(full, CatalogError::LimitReached { limit: 1, .. }), "{full}");
    assert_eq!(catalog.silence_list(account(), later(59)).await.unwrap().len(), 1);
    assert!(catalog.silence_list(account(), later(60)).await.unwrap().is_empty());
    assert!(catalog.silence_list(other_account(), AT).await.unwrap().is_empty());
    assert_eq!(catalog.silence_delete(other_account(), "s1").await.unwrap_err().kind(), ErrorKind::NotFound);
    catalog.silence_delete(account(), "s1").await.unwrap();
}
