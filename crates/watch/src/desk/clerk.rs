//! Whoever sits at the desk: takes what waits, computes what changes, writes it, answers.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use std::time::Duration;

use alert::action::{self, EscalationKind};
use alert::evaluate::{Place, RuleState, Scope, Step, step};
use alert::{Alert, Fingerprint};
use catalog::{
    AlertChange, AlertRuleId, AlertRuleState, Applied, CatalogError, EvaluatedRule, InboxMessage, Incident,
    IncidentChange, IncidentStatus, MergeSetState, Notification, NotificationOutcome, OutboxKind, OutboxRow, QuotaUse,
};
use host::Shutdown;
use model::{AccountId, Timestamp};
use outbound::channel::Envelope;
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use super::accounts::{Accounts, Surroundings, channel_name, read_silences};
use super::slim::slim;
use super::{OutdatedRules, REQUESTS_MAX, Request, Tools, Verdict};
use crate::decide::{Act, Decided, Decision, incident_id, quota_day};
use crate::evaluation::{Outcome, Run};
use crate::history;
use crate::outbox::ASK;

/// Before the catalog is asked again when it failed.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at the clocks of open incidents.
const ESCALATIONS_EVERY: Duration = Duration::from_secs(5);
/// Incidents looked at together.
const ESCALATIONS_MAX: usize = 200;
/// The same thing that is not told for the same reason is recorded once in this time.
const QUIET_AGAIN: Duration = Duration::from_secs(3600);
/// Characters of a message's first line that are kept where it has no title.
const TITLE_CHARACTERS_MAX: usize = 80;
const HEX: &[u8] = b"0123456789abcdef";

/// Where a rule stands.
struct Standing {
    state: RuleState,
    through: Timestamp,
    /// When the stream last saw an instance: a run of an earlier instant cannot say that it has ended.
    streamed: HashMap<Fingerprint, Timestamp>,
}

/// See the module.
pub(crate) struct Clerk {
    tools: Tools,
    accounts: Accounts,
    standings: HashMap<AlertRuleId, Standing>,
    /// What was recorded as not told, and when.
    quiet: HashMap<(String, Cow<'static, str>), Timestamp>,
    escalated: Option<Timestamp>,
}

/// What is about to be written, and what follows from it in memory.
#[derive(Default)]
struct Draft {
    change: AlertChange,
    standings: Vec<(AlertRuleId, Standing)>,
    quiet: Vec<(String, Cow<'static, str>)>,
    /// Channel and outcome of what was decided, for the metrics.
    decided: Vec<(String, &'static str)>,
}

impl Clerk {
    pub(crate) fn new(tools: Tools) -> Clerk {
        let (accounts, standings) = (Accounts::default(), HashMap::new());
        Clerk { tools, accounts, standings, quiet: HashMap::new(), escalated: None }
    }

    /// Works until the node stops. What waits then is not done, as after a crash.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Request>, shutdown: Shutdown) {
        let mut requests = Vec::new();
        loop {
            let pause = self.pause();
            tokio::select! {
                () = shutdown.begun() => return,
                taken = queue.recv_many(&mut requests, REQUESTS_MAX) => if taken == 0 { return },
                () = tokio::time::sleep(pause) => {}
            }
            self.tools.metrics.outcomes.used(requests.len() + queue.len());
            tokio::select! {
                () = shutdown.begun() => return,
                () = self.work(std::mem::take(&mut requests)) => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        let now = self.tools.clock.now();
        let due = self.accounts.next_due().map_or(self.tools.config.look_again, |due| due.since(now));
        due.clamp(Duration::from_millis(1), self.tools.config.look_again)
    }

    /// Does what waits and what is due, as often as it takes.
    async fn work(&mut self, requests: Vec<Request>) {
        let mut outdated = OutdatedRules::new();
        loop {
            let now = self.tools.clock.now();
            let applied = match self.draft(&requests, &outdated, now).await {
                Ok(draft) if draft.is_empty() => {
                    self.adopt(draft, now);
                    break;
                }
                Ok(draft) => match self.tools.catalog.alert_apply(&draft.change, now).await {
                    Ok(Applied::Done) => {
                        self.adopt(draft, now);
                        break;
                    }
                    other => other,
                },
                Err(error) => Err(error),
            };
            // What is in memory ran ahead of what is durable.
            self.accounts.forget();
            self.standings.clear();
            match applied {
                Ok(Applied::Outdated(rules)) => {
                    self.tools.metrics.left_out("outdated", rules.len());
                    outdated.extend(rules);
                }
                Ok(Applied::Done) => {}
                Err(error) => {
                    warn!(%error, "could not write what alert rules led to; trying again");
                    tokio::time::sleep(CATALOG_PAUSE).await;
                }
            }
        }
        for request in requests {
            answer(request, &outdated);
        }
    }

    fn adopt(&mut self, draft: Draft, now: Timestamp) {
        self.standings.extend(draft.standings);
        self.quiet.retain(|_, at| now.since(*at) < QUIET_AGAIN);
        self.quiet.extend(draft.quiet.into_iter().map(|key| (key, now)));
        for (channel, outcome) in &draft.decided {
            self.tools.metrics.notified(channel, outcome);
        }
        if !draft.change.outbox.is_empty() {
            self.tools.outbox_bell.notify_one();
        }
        if draft.change.rules.iter().any(|rule| !rule.history.is_empty()) {
            self.tools.history_bell.notify_one();
        }
    }

    async fn draft(
        &mut self,
        requests: &[Request],
        outdated: &OutdatedRules,
        now: Timestamp,
    ) -> Result<Draft, CatalogError> {
        let mut draft = Draft::default();
        let version = *self.tools.catalog.resource_records_version().borrow();
        let rules = self.tools.rules.borrow().clone();
        self.accounts.refresh(&self.tools.catalog, version, &rules, now).await?;
        for request in requests {
            match request {
                Request::Apply { outcomes, cursor, .. } => {
                    for outcome in outcomes.iter().filter(|outcome| !outdated.contains(&outcome.rule.row.id)) {
                        self.take(outcome, now, &mut draft).await?;
                    }
                    draft.change.cursors.extend(cursor.map(|seq| (crate::STREAM_CURSOR, seq)));
                }
                Request::Answered { id, account, question, .. } => {
                    let around = self.surroundings(*account, now).await?;
                    let decider = self.accounts.decider(&self.tools.catalog, *account, &rules, now).await?;
                    let decisions = decider.answered(question, question.planned.clone(), now, &around);
                    self.record(*account, decisions, now, &mut draft);
                    draft.change.answered.push((id.clone(), "recipients named".to_owned()));
                }
            }
        }
        for account in self.accounts.due(now) {
            let around = self.surroundings(account, now).await?;
            let silences = read_silences(&self.tools.catalog, account, now).await?;
            let decider = self.accounts.decider(&self.tools.catalog, account, &rules, now).await?;
            decider.heeds(silences);
            let decided = decider.due(now, &around);
            self.told(account, decided, now, &mut draft);
        }
        self.escalate(now, &mut draft).await?;
        for (account, decider) in self.accounts.iter_mut() {
            let changed = decider.take_changed(now).into_iter();
            let set = |(key, policy, state): (alert::merge::SetKey, String, Option<String>)| MergeSetState {
                account,
                policy,
                key: key.0,
                state,
            };
            draft.change.sets.extend(changed.map(set));
        }
        Ok(draft)
    }

    async fn surroundings(&self, account: AccountId, now: Timestamp) -> Result<Surroundings, CatalogError> {
        Surroundings::of(&self.tools.catalog, &self.tools.vault, &self.tools.config, account, now).await
    }

    async fn standing(&self, draft: &Draft, outcome: &Outcome) -> Result<Standing, CatalogError> {
        let row = &outcome.rule.row;
        let in_draft = draft.standings.iter().rev().find(|(id, _)| *id == row.id).map(|(_, standing)| standing);
        if let Some(standing) = in_draft.or_else(|| self.standings.get(&row.id)) {
            let Standing { state, through, streamed } = standing;
            return Ok(Standing { state: state.clone(), through: *through, streamed: streamed.clone() });
        }
        let kept = self.tools.catalog.alert_rule_state(row.id).await?;
        let (state, through) = match kept {
            Some(kept) => {
                let state = serde_json::from_str(&kept.state);
                let unreadable =
                    |error| error!(rule = row.id.0, %error, "a rule's state cannot be read; it begins anew");
                (state.map_err(unreadable).unwrap_or_default(), kept.evaluated_through)
            }
            None => (RuleState::default(), row.updated),
        };
        Ok(Standing { state, through, streamed: HashMap::new() })
    }

    /// One run: what it changes in its rule, its incidents and its merge sets.
    async fn take(&mut self, outcome: &Outcome, now: Timestamp, draft: &mut Draft) -> Result<(), CatalogError> {
        let mut standing = self.standing(draft, outcome).await?;
        let (rule, row) = (&outcome.rule.rule, &outcome.rule.row);
        let is_streamed = outcome.run == Run::Streamed;
        let stepped = stepped(outcome, &standing);
        let is_news = |alert: &&Alert| {
            let before = standing.state.instances.get(&alert.fingerprint);
            before.is_none_or(|before| before.fire_time.is_none() || before.severity != alert.severity)
        };
        let has_news = stepped.firing.iter().any(|alert| is_news(&alert));
        let begun: Vec<Alert> = stepped.firing.iter().filter(is_news).cloned().collect();
        if is_streamed {
            let seen = stepped.firing.iter().map(|alert| (alert.fingerprint.clone(), outcome.instant));
            standing.streamed.extend(seen);
        } else {
            standing.streamed.retain(|_, at| *at > outcome.instant);
            standing.through = standing.through.max(outcome.instant);
        }
        let Step { state, firing, resolved, is_muted, evaluation } = stepped;
        standing.state = state;
        let kept = AlertRuleState {
            rule: row.id,
            version: row.version,
            state: serde_json::to_string(&standing.state).expect("a state has string keys and no failing parts"),
            evaluated_through: standing.through,
            status: evaluation.alert_status.as_str().to_owned(),
            reason: evaluation.reason.clone(),
        };
        draft.standings.push((row.id, standing));
        if is_streamed && !has_news {
            // It fires already: the schedule goes on from here.
            return Ok(());
        }
        let mut fields = evaluation.to_json();
        if let Run::CaughtUp { covers: Some(since) } = outcome.run {
            fields.insert("CoversSince".to_owned(), since.to_string().into());
        }
        let source = if is_streamed { "stream" } else { "schedule" };
        let history = history::row(row, &outcome.rule.region, outcome.instant, source, fields, now);
        let evaluated =
            EvaluatedRule { account: row.account, project: row.project.clone(), state: kept, history: vec![history] };
        draft.change.rules.push(evaluated);

        let firing: Vec<Alert> = firing.into_iter().map(slim).collect();
        for alert in &firing {
            draft.change.incidents.push(IncidentChange::Fires(Box::new(incident(row.id, alert))));
        }
        for alert in &resolved {
            let (fingerprint, at) = (alert.fingerprint.0.clone(), outcome.instant);
            draft.change.incidents.push(IncidentChange::Ends { account: row.account, fingerprint, at });
        }
        if is_muted {
            let until = rule.mute_until.map_or_else(String::new, |until| format!(" until {until}"));
            let muted = |alert: &Alert| {
                Decision::not_told(
                    "muted",
                    format!("the rule is muted{until}"),
                    vec![crate::decide::AlertRef::of(alert)],
                )
            };
            let decisions = begun.iter().map(muted).collect();
            self.record(row.account, decisions, now, draft);
            return Ok(());
        }
        let rules = self.tools.rules.borrow().clone();
        let decider = self.accounts.decider(&self.tools.catalog, row.account, &rules, now).await?;
        let (told, silent) = if rule.sends_resolved { (resolved, Vec::new()) } else { (Vec::new(), resolved) };
        for alert in &silent {
            decider.leave(&alert.fingerprint);
        }
        let mut decisions = Vec::new();
        for mut alert in firing.into_iter().chain(told.into_iter().map(slim)) {
            if let Some(legacy) = &rule.legacy {
                crate::decide::route_legacy(&mut alert, row, legacy);
            }
            decisions.extend(decider.add(&alert, now));
        }
        self.record(row.account, decisions, now, draft);
        Ok(())
    }

    /// Looks at the clocks of incidents that nobody handled in time.
    async fn escalate(&mut self, now: Timestamp, draft: &mut Draft) -> Result<(), CatalogError> {
        if self.escalated.is_some_and(|at| now.since(at) < ESCALATIONS_EVERY && now >= at) {
            return Ok(());
        }
        self.escalated = Some(now);
        let rules = self.tools.rules.borrow().clone();
        for incident in self.tools.catalog.incidents_to_escalate(now, ESCALATIONS_MAX).await? {
            let around = self.surroundings(incident.account, now).await?;
            let decider = self.accounts.decider(&self.tools.catalog, incident.account, &rules, now).await?;
            let Some(policy) = decider.policy(&incident.action_policy) else {
                draft.change.incidents.push(IncidentChange::Escalated { id: incident.id, bits: 0, escalate_at: None });
                continue;
            };
            let mut clocks = clocks(&incident);
            let due = action::escalations(&clocks, policy, now);
            clocks.escalated.extend(due.iter().map(|due| due.kind));
            let escalate_at = action::next_escalation(&clocks, policy);
            let bits = clocks.escalated.iter().map(|kind| bit(*kind)).sum();
            let id = incident.id.clone();
            draft.change.incidents.push(IncidentChange::Escalated { id, bits, escalate_at });
            let Ok(alert) = serde_json::from_str::<Alert>(&incident.alert) else { continue };
            let mut decisions = Vec::new();
            for due in due {
                let decided = decider.escalate(&alert, &incident.action_policy, due.kind.reason(), now, &around);
                decisions.extend(decided.decisions);
            }
            self.record(incident.account, decisions, now, draft);
        }
        Ok(())
    }

    fn told(&mut self, account: AccountId, decided: Decided, now: Timestamp, draft: &mut Draft) {
        for told in decided.told {
            let (id, action_policy) = (told.alert.incident, told.action_policy);
            let escalate_at = told.escalate_at;
            draft.change.incidents.push(IncidentChange::Told { id, action_policy, at: now, escalate_at });
        }
        self.record(account, decided.decisions, now, draft);
    }

    /// Decisions as rows.
    fn record(&self, account: AccountId, decisions: Vec<Decision>, now: Timestamp, draft: &mut Draft) {
        for decision in decisions {
            if matches!(decision.act, Act::Suppress) && self.was_recorded(&decision, draft) {
                continue;
            }
            let id = self.tools.random.text(32, HEX);
            draft.write(account, id, decision, now);
        }
    }

    /// Whether it was recorded lately that these alerts are not told for this reason.
    fn was_recorded(&self, decision: &Decision, draft: &mut Draft) -> bool {
        let mut about = format!("{}\n{}", decision.action_policy, decision.recipient);
        for alert in &decision.alerts {
            about.push_str(&format!("\n{} {}", alert.incident, alert.status));
        }
        let key = (about, decision.code.clone());
        let is_known = self.quiet.contains_key(&key) || draft.quiet.contains(&key);
        if !is_known {
            draft.quiet.push(key);
        }
        is_known
    }
}

/// The run brought together with what was before.
fn stepped(outcome: &Outcome, standing: &Standing) -> Step {
    let (rule, row) = (&outcome.rule, &outcome.rule.row);
    let (scope, next_eval_interval) = match outcome.run {
        Run::Streamed => (Scope::Additions, rule.schedule.seconds_until_next(outcome.instant)),
        _ => (Scope::Everything, rule.schedule.seconds_until_next(outcome.instant)),
    };
    let place = Place {
        account: row.account,
        region: rule.region.clone(),
        project: row.project.clone(),
        rule: row.name.clone(),
        rule_title: row.display_name.clone(),
        now: outcome.instant,
        next_eval_interval,
        is_caught_up: matches!(outcome.run, Run::CaughtUp { .. }),
    };
    let found = outcome.found.as_ref().map_err(String::as_str);
    let mut step = step(&rule.rule, &place, scope, &standing.state, &outcome.answers, found);
    // What the stream saw after the run's instant lies outside its window: the run does not know that it goes on.
    step.resolved.retain(|alert| {
        let goes_on = standing.streamed.get(&alert.fingerprint).is_some_and(|at| *at > outcome.instant);
        if let Some(instance) = standing.state.instances.get(&alert.fingerprint).filter(|_| goes_on) {
            step.state.instances.insert(alert.fingerprint.clone(), instance.clone());
        }
        !goes_on
    });
    step
}

fn incident(rule: AlertRuleId, alert: &Alert) -> Incident {
    Incident {
        id: incident_id(alert),
        account: alert.account,
        project: alert.project.clone(),
        rule: alert.rule.clone(),
        rule_id: rule,
        title: alert.rule_title.clone(),
        fingerprint: alert.fingerprint.0.clone(),
        status: IncidentStatus::Firing,
        severity: alert.severity.number(),
        fired: alert.fire_time,
        last_seen: alert.alert_time,
        ended: None,
        handled_by: None,
        handled: None,
        note: String::new(),
        action_policy: String::new(),
        told: None,
        escalated: 0,
        alert: serde_json::to_string(alert).expect("an alert has string keys and no failing parts"),
    }
}

const KINDS: [(EscalationKind, u8); 3] =
    [(EscalationKind::NotStarted, 1), (EscalationKind::InProgress, 2), (EscalationKind::Unresolved, 4)];

fn bit(kind: EscalationKind) -> u8 {
    KINDS.into_iter().find(|(each, _)| *each == kind).map_or(0, |(_, bit)| bit)
}

fn clocks(incident: &Incident) -> action::Incident {
    let rang: BTreeSet<EscalationKind> =
        KINDS.into_iter().filter(|(_, bit)| incident.escalated & bit != 0).map(|(kind, _)| kind).collect();
    let confirmed_at = incident.handled.filter(|_| incident.status == IncidentStatus::Confirmed);
    action::Incident { fired_at: incident.fired, confirmed_at, ended_at: incident.ended, escalated: rang }
}

impl Draft {
    /// Whether there is nothing to write. A state that only the stream saw again is kept in memory.
    fn is_empty(&self) -> bool {
        let AlertChange { rules, incidents, sets, notifications, outbox, answered, inbox, quotas, cursors } =
            &self.change;
        rules.is_empty()
            && incidents.is_empty()
            && sets.is_empty()
            && notifications.is_empty()
            && outbox.is_empty()
            && answered.is_empty()
            && inbox.is_empty()
            && quotas.is_empty()
            && cursors.is_empty()
    }

    fn write(&mut self, account: AccountId, id: String, decision: Decision, now: Timestamp) {
        let channel = decision.channel.map(channel_name).unwrap_or_default();
        let first = decision.alerts.first();
        let mut notification = Notification {
            id: id.clone(),
            account,
            project: first.map(|alert| alert.project.clone()).unwrap_or_default(),
            rule: first.map(|alert| alert.rule.clone()).unwrap_or_default(),
            action_policy: decision.action_policy,
            channel: channel.clone(),
            recipient: decision.recipient.clone(),
            outcome: NotificationOutcome::Waiting,
            code: decision.code.into_owned(),
            reason: decision.reason,
            incidents: decision.alerts.iter().map(|alert| alert.incident.clone()).collect(),
            title: String::new(),
            attempts: 0,
            created: now,
            finished: None,
        };
        let row = |channel: String, body: String| OutboxRow {
            id: id.clone(),
            kind: OutboxKind::Notification,
            account,
            channel,
            due: now,
            attempts: 0,
            body,
            created: now,
        };
        match decision.act {
            Act::Send(what) => {
                let (target, message) = *what;
                notification.title = title(&message.title, &message.body);
                let envelope = Envelope {
                    id: id.clone(),
                    account,
                    target,
                    title: message.title,
                    body: message.body,
                    plain: message.plain,
                };
                let body = serde_json::to_string(&envelope).expect("an envelope has no failing parts");
                self.change.outbox.push(row(envelope.target.channel().to_owned(), body));
                if decision.is_counted {
                    let recipient = decision.recipient;
                    self.change.quotas.push(QuotaUse { account, recipient, channel, day: quota_day(now) });
                }
            }
            Act::Ask(question) => {
                notification.title = "who is to be told".to_owned();
                let body = serde_json::to_string(&question).expect("a question has no failing parts");
                self.change.outbox.push(row(ASK.to_owned(), body));
            }
            Act::Inbox(message) => {
                notification.title = title(&message.title, &message.body);
                notification.outcome = NotificationOutcome::Sent;
                notification.finished = Some(now);
                self.decided.push((channel, "sent"));
                let title = notification.title.clone();
                let severity = decision.alerts.iter().map(|alert| alert.severity.number()).max().unwrap_or(0);
                let message =
                    InboxMessage { id, account, severity, title, content: message.body, created: now, read: None };
                self.change.inbox.push(message);
            }
            Act::Suppress => {
                notification.outcome = NotificationOutcome::Suppressed;
                notification.finished = Some(now);
                self.decided.push((channel, "suppressed"));
            }
        }
        self.change.notifications.push(notification);
    }
}

fn title(title: &str, body: &str) -> String {
    let text =
        if title.is_empty() { body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default() } else { title };
    text.chars().take(TITLE_CHARACTERS_MAX).collect()
}

/// An answer that nobody waits for any more is dropped.
fn answer(request: Request, outdated: &OutdatedRules) {
    match request {
        Request::Apply { outcomes, reply, .. } => {
            let verdict = |outcome: &Outcome| match outdated.contains(&outcome.rule.row.id) {
                true => Verdict::Outdated,
                false => Verdict::Done,
            };
            let _ = oneshot::Sender::send(reply, outcomes.iter().map(verdict).collect());
        }
        Request::Answered { reply, .. } => {
            let _ = reply.send(());
        }
    }
}
