//! Who hears of alerts: from an alert to messages, or to the reason why there is none.
//!
//! A [`Decider`] holds what one account needs for that: its records ([`Book`]), its silences, its merge sets, and how much
//! people had today. Everything is a function of that and of the time it is given; nothing is sent or stored here. The desk
//! loads and saves around it, and a trial runs one on a clock of its own.

mod book;
mod decision;
mod legacy;
mod open_sets;
mod target;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use alert::action::{self, Planned, Receiver, Stage};
use alert::merge::{MergeSet, Quiet, Route, SetKey, Silences, Telling, Why};
use alert::recipients::{Recipient, per_user, resolve};
use alert::template::{Links, Message, render_or_builtin};
use alert::{Alert, Channel, Fingerprint, Reason, Status};
use model::{AccountId, Timestamp};

pub use book::Book;
pub(crate) use book::RESOURCES as BOOK_RESOURCES;
use decision::not_told;
pub use decision::{Act, AlertRef, Decided, Decision, Question, ToldAlert, incident_id, quota_day};
pub(crate) use legacy::route as route_legacy;
use open_sets::OpenSets;

/// People left out of one notification that are recorded one by one.
const LEFT_OUT_MAX: usize = 20;
/// The template of an action that names none.
const USUAL_TEMPLATE: &str = "sls.builtin.en";

/// What surrounds a notification: which policy wants it, and why.
struct Occasion<'a> {
    action_policy: &'a str,
    code: &'static str,
    reason: String,
}

/// What a decider asks whoever holds incidents and links.
pub trait Around: Send + Sync {
    /// Whether somebody ignored the incident.
    fn is_ignored(&self, fingerprint: &Fingerprint) -> bool;
    /// Whether somebody confirmed the incident of this id. Where nobody handles incidents nobody does.
    fn is_confirmed(&self, _incident: &str) -> bool {
        false
    }
    /// Where people see the node, and a page of this incident without a login; empty and `None` when there is none.
    fn base_url(&self) -> &str;
    /// See above.
    fn detail_link(&self, account: AccountId, incident: &str) -> Option<String>;
}

/// Decides for one account.
#[derive(Clone)]
pub struct Decider {
    book: Arc<Book>,
    silences: Silences,
    sets: OpenSets,
    used: HashMap<(String, Channel, i64), u32>,
}

impl Decider {
    /// With merge sets as they were saved, and messages people had today.
    pub fn new(
        book: Arc<Book>,
        sets: impl IntoIterator<Item = MergeSet>,
        used: HashMap<(String, Channel, i64), u32>,
    ) -> Decider {
        Decider { book, silences: Silences::default(), sets: OpenSets::saved(sets), used }
    }

    /// From now on with these records.
    pub fn reads(&mut self, book: Arc<Book>) {
        self.book = book;
    }

    /// From now on with these silences.
    pub fn heeds(&mut self, silences: Silences) {
        self.silences = silences;
    }

    /// An action policy, unless it is gone or cannot be read.
    pub(crate) fn policy(&self, id: &str) -> Option<&action::ActionPolicy> {
        self.book.action_policy(id).ok()
    }

    /// Takes an alert into its merge sets; says why, where it goes into none.
    pub fn add(&mut self, alert: &Alert, now: Timestamp) -> Vec<Decision> {
        let routes = match self.routes(alert) {
            Ok(routes) => routes,
            Err(reason) => return vec![Decision::not_told(reason.code, reason.why, vec![AlertRef::of(alert)])],
        };
        let mut decisions = Vec::new();
        for route in routes {
            let added = self.sets.change_or_open(&route, |set| set.add(&route, alert.clone(), now));
            // An alert that a later evaluation replaces is told by that one.
            if let Some(suppressed) = added.suppressed.filter(|one| one.reason.code != "superseded") {
                decisions.push(not_told(&suppressed, alert));
            }
        }
        decisions
    }

    /// Where an alert goes. The end goes where the beginning was told, whatever the policy says by now.
    fn routes(&self, alert: &Alert) -> Result<Vec<Route>, Reason> {
        if alert.status == Status::Resolved {
            let held: Vec<Route> = self.sets.holding(&alert.fingerprint).map(MergeSet::route).collect();
            if !held.is_empty() {
                return Ok(held);
            }
        }
        let found = self.book.alert_policy(&alert.alert_policy);
        let policy = found.map_err(|why| Reason::new("no_policy", why))?;
        let parent = policy.parent.as_ref().and_then(|id| self.book.alert_policy(id).ok());
        policy.routes(parent, alert)
    }

    /// An alert ended of which nobody is to hear: firing again will be news.
    pub fn leave(&mut self, fingerprint: &Fingerprint) {
        let holding: Vec<SetKey> = self.sets.holding(fingerprint).map(|set| set.key().clone()).collect();
        for key in holding {
            self.sets.change(&key, |set| set.leave(fingerprint));
        }
    }

    /// When the next set is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sets.next_due()
    }

    /// The alerts in sets that are due.
    pub(crate) fn due_alerts(&self, now: Timestamp) -> BTreeSet<Fingerprint> {
        let due = self.sets.due(now);
        due.iter().filter_map(|key| self.sets.get(key)).flat_map(MergeSet::fingerprints).cloned().collect()
    }

    /// When the next set is over, which then wants to be forgotten.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.sets.next_end()
    }

    /// Lets the sets speak that are due.
    pub fn due(&mut self, now: Timestamp, around: &dyn Around) -> Decided {
        let mut decided = Decided::default();
        for key in self.sets.due(now) {
            let Some(set) = self.sets.get(&key) else { continue };
            let policy = self.book.alert_policy(set.policy()).ok();
            let parent =
                policy.and_then(|policy| policy.parent.as_ref()).and_then(|id| self.book.alert_policy(id).ok());
            let pending: HashMap<Fingerprint, Alert> =
                set.pending().map(|alert| (alert.fingerprint.clone(), alert.clone())).collect();
            let quiet = Quiet { policy, parent, silences: &self.silences };
            let Some(telling) = self.sets.change(&key, |set| set.take(now, &quiet)).flatten() else { continue };
            for suppressed in &telling.suppressed {
                if let Some(alert) = pending.get(&suppressed.fingerprint) {
                    decided.decisions.push(not_told(suppressed, alert));
                }
            }
            self.tell(telling, now, around, &mut decided);
        }
        decided
    }

    fn tell(&mut self, telling: Telling, now: Timestamp, around: &dyn Around, decided: &mut Decided) {
        let (ignored, alerts): (Vec<Alert>, Vec<Alert>) =
            telling.alerts.into_iter().partition(|alert| around.is_ignored(&alert.fingerprint));
        if !ignored.is_empty() {
            let refs = ignored.iter().map(AlertRef::of).collect();
            decided.decisions.push(Decision::not_told("ignored", "somebody ignored the incident", refs));
        }
        let is_known = |alert: &Alert| telling.unchanged.contains(&alert.fingerprint);
        let (confirmed, alerts): (Vec<Alert>, Vec<Alert>) =
            alerts.into_iter().partition(|alert| is_known(alert) && around.is_confirmed(&incident_id(alert)));
        if !confirmed.is_empty() {
            let refs = confirmed.iter().map(AlertRef::of).collect();
            let why = "somebody confirmed the incident and it is as it was told";
            decided.decisions.push(Decision::not_told("confirmed", why, refs));
        }
        if alerts.is_empty() {
            return;
        }
        let (code, reason) = match telling.why {
            Why::First => ("first", "the set is new and its group wait is over"),
            Why::Changed => ("changed", "something in the set changed and its group interval is over"),
            Why::Repeat => ("repeat", "the same goes on and its repeat interval is over"),
        };
        let occasion = Occasion { action_policy: &telling.action_policy, code, reason: reason.to_owned() };
        self.act(Stage::Primary, &occasion, &alerts, now, around, decided);
    }

    /// Runs the secondary script of a policy for an alert that waited too long.
    pub fn escalate(
        &mut self,
        alert: &Alert,
        action_policy: &str,
        why: &str,
        now: Timestamp,
        around: &dyn Around,
    ) -> Decided {
        let mut decided = Decided::default();
        if let Some(reason) = self.silences.silenced(alert, now) {
            let decision = Decision::not_told(reason.code, reason.why, vec![AlertRef::of(alert)]);
            decided.decisions.push(Decision { action_policy: action_policy.to_owned(), ..decision });
            return decided;
        }
        let occasion = Occasion { action_policy, code: "escalation", reason: why.to_owned() };
        self.act(Stage::Secondary, &occasion, std::slice::from_ref(alert), now, around, &mut decided);
        decided
    }

    /// What follows from the answer to a question.
    pub fn answered(
        &mut self,
        question: &Question,
        planned: Planned,
        now: Timestamp,
        around: &dyn Around,
    ) -> Vec<Decision> {
        let mut decided = Decided::default();
        let occasion =
            Occasion { action_policy: &question.action_policy, code: "dynamic", reason: question.reason.clone() };
        self.plan(planned, &occasion, &question.alerts, now, around, &mut decided);
        decided.decisions
    }

    fn act(
        &mut self,
        stage: Stage,
        occasion: &Occasion<'_>,
        alerts: &[Alert],
        now: Timestamp,
        around: &dyn Around,
        decided: &mut Decided,
    ) {
        let refs = || alerts.iter().map(AlertRef::of).collect::<Vec<_>>();
        let book = self.book.clone();
        if let Some(notifications) = book.legacy(occasion.action_policy) {
            legacy::tell(notifications, occasion, alerts, around, decided);
            return;
        }
        let policy = match book.action_policy(occasion.action_policy) {
            Ok(policy) => policy,
            Err(why) => {
                let decision = Decision::not_told("no_policy", why, refs());
                decided.decisions.push(Decision { action_policy: occasion.action_policy.to_owned(), ..decision });
                return;
            }
        };
        let run = policy.run(stage, &alerts.iter().collect::<Vec<_>>());
        decided.steps.push((policy.id.clone(), run.steps));
        if stage == Stage::Primary {
            decided.told.extend(alerts.iter().map(|alert| {
                let incident = action::Incident {
                    fired_at: alert.fire_time,
                    confirmed_at: None,
                    ended_at: alert.resolve_time,
                    escalated: BTreeSet::new(),
                };
                let escalate_at = action::next_escalation(&incident, policy);
                ToldAlert { alert: AlertRef::of(alert), action_policy: policy.id.clone(), escalate_at }
            }));
        }
        if run.planned.is_empty() {
            let decision = Decision::not_told("no_action", "no action of the policy is meant for it", refs());
            decided.decisions.push(Decision { action_policy: policy.id.clone(), ..decision });
        }
        for planned in run.planned {
            self.plan(planned, occasion, alerts, now, around, decided);
        }
    }

    /// One notification: its recipients, its messages.
    fn plan(
        &mut self,
        planned: Planned,
        occasion: &Occasion<'_>,
        alerts: &[Alert],
        now: Timestamp,
        around: &dyn Around,
        decided: &mut Decided,
    ) {
        let base = Decision {
            code: occasion.code.into(),
            reason: occasion.reason.clone(),
            action_policy: occasion.action_policy.to_owned(),
            channel: Some(planned.channel),
            recipient: String::new(),
            alerts: alerts.iter().map(AlertRef::of).collect(),
            is_counted: false,
            act: Act::Suppress,
        };
        if let Receiver::Dynamic { url, headers } = planned.receiver.clone() {
            let question = Question {
                url,
                headers,
                planned,
                alerts: alerts.to_vec(),
                action_policy: base.action_policy.clone(),
                code: base.code.to_string(),
                reason: base.reason.clone(),
            };
            decided.decisions.push(Decision {
                recipient: "dynamic".to_owned(),
                act: Act::Ask(Box::new(question)),
                ..base
            });
            return;
        }
        let day = quota_day(now);
        let used = &self.used;
        let resolution = resolve(&planned, self.book.people(), now, &|user, channel| {
            used.get(&(user.to_owned(), channel, day)).copied().unwrap_or(0)
        });
        for left in resolution.left_out.iter().take(LEFT_OUT_MAX) {
            let (code, reason) = (left.reason.code.clone(), format!("{}: {}", left.who, left.reason.why));
            decided.decisions.push(Decision { code, reason, recipient: left.who.clone(), ..base.clone() });
        }
        if let Some(withheld) = resolution.withheld {
            decided.decisions.push(Decision { code: withheld.code, reason: withheld.why, ..base });
            return;
        }
        if planned.check_quota {
            self.used.retain(|(_, _, counted), _| *counted >= day);
            for (user, more) in per_user(&resolution.recipients) {
                *self.used.entry((user.to_owned(), planned.channel, day)).or_default() += more;
            }
        }
        let (messages, reason) = self.messages(&planned, &occasion.reason, alerts, around);
        let base = Decision { reason, ..base };
        for message in messages {
            let alerts: Vec<&Alert> = message.alerts.iter().filter_map(|place| alerts.get(*place)).collect();
            let base = Decision { alerts: alerts.iter().map(|alert| AlertRef::of(alert)).collect(), ..base.clone() };
            self.address(&planned, &resolution.recipients, message, &alerts, base, decided);
        }
    }

    /// The messages of a notification. A template that fails is replaced by a built-in one, and the reason says so.
    fn messages(
        &self,
        planned: &Planned,
        reason: &str,
        alerts: &[Alert],
        around: &dyn Around,
    ) -> (Vec<Message>, String) {
        let id = planned.template_id.as_deref().unwrap_or(USUAL_TEMPLATE);
        let details = alerts.iter().map(|alert| around.detail_link(alert.account, &incident_id(alert))).collect();
        let links = Links { base_url: around.base_url().to_owned(), details };
        let (template, missing) = self.book.template(id);
        let (messages, error) = render_or_builtin(template, planned.channel, alerts, &links);
        let wrong = missing.or(error.map(|error| format!("template {id}: {error}; a built-in one was used")));
        (messages, wrong.map_or_else(|| reason.to_owned(), |wrong| format!("{reason}; {wrong}")))
    }

    fn address(
        &self,
        planned: &Planned,
        recipients: &[Recipient],
        message: Message,
        alerts: &[&Alert],
        base: Decision,
        decided: &mut Decided,
    ) {
        if planned.channel == Channel::MessageCenter {
            let act = Act::Inbox(Box::new(message));
            decided.decisions.push(Decision { recipient: "message_center".to_owned(), act, ..base });
            return;
        }
        for (recipient, target) in target::targets(planned, recipients, alerts, self.book.people()) {
            match target {
                Ok(target) => {
                    let act = Act::Send(Box::new((target, message.clone())));
                    let is_counted = planned.check_quota && !recipients.is_empty();
                    decided.decisions.push(Decision { recipient, act, is_counted, ..base.clone() });
                }
                Err(why) => {
                    let (code, reason) = (Cow::Borrowed("no_target"), why);
                    decided.decisions.push(Decision { code, reason, recipient, ..base.clone() });
                }
            }
        }
    }

    /// The sets that changed since this was asked last, and those that are over: without a state.
    pub fn take_changed(&mut self, now: Timestamp) -> Vec<(SetKey, String, Option<String>)> {
        self.sets.take_changed(now)
    }
}
