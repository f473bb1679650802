//! One merge set: alerts that are told together, as a state machine with explicit time.
//!
//! An alert that is added is pending until it is told, suppressed with a reason, or superseded by a later evaluation of the same
//! alert. What was told is remembered for the repeat interval, to know what is a change. The state is plain data: a node
//! keeps it as JSON and gives it back after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AlertPolicy, Route, SetKey, Silences, inhibit, silence};
use crate::{Alert, Fingerprint, Reason, Severity, Status};

/// How many alerts a set may hold. A message with more says no more.
pub const ALERTS_MAX: usize = 1_000;

/// Alerts that are told together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeSet {
    key: SetKey,
    policy: String,
    action_policy: String,
    group: BTreeMap<String, String>,
    group_wait_seconds: u64,
    group_interval_seconds: u64,
    repeat_interval_seconds: u64,
    /// When the first of the alerts that are pending came.
    waiting_since: Option<Timestamp>,
    /// When the set was last told.
    told: Option<Timestamp>,
    members: BTreeMap<Fingerprint, Member>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Member {
    alert: Alert,
    is_pending: bool,
    /// It left: nothing is remembered of it once it was told.
    is_over: bool,
    /// When it was last told, and how it was then.
    told: Option<(Timestamp, Status, Severity)>,
    /// When it was last suppressed.
    suppressed: Option<Timestamp>,
}

/// What became of an alert that was added.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// What it is to the set.
    pub effect: Effect,
    /// The alert it takes the place of, which will not be told itself; or this alert, when the set is full.
    pub suppressed: Option<Suppressed>,
}

/// What an alert is to its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Something to tell: new, or not as it was told.
    Changed,
    /// The same goes on.
    Same,
    /// The set is full.
    Full,
}

/// An alert that is not told, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// Which.
    pub fingerprint: Fingerprint,
    /// Its rule.
    pub rule: String,
    /// Of which evaluation.
    pub alert_time: Timestamp,
    /// Firing or resolved.
    pub status: Status,
    /// Why.
    pub reason: Reason,
}

impl Suppressed {
    fn new(alert: &Alert, reason: Reason) -> Suppressed {
        Suppressed {
            fingerprint: alert.fingerprint.clone(),
            rule: alert.rule.clone(),
            alert_time: alert.alert_time,
            status: alert.status,
            reason,
        }
    }
}

/// Why a set is told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// For the first time, after the group wait.
    First,
    /// Something is not as it was told, after the group interval.
    Changed,
    /// The same has gone on for the repeat interval.
    Repeat,
}

/// A set that is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// Which set.
    pub key: SetKey,
    /// Its alert policy.
    pub policy: String,
    /// The action policy to run.
    pub action_policy: String,
    /// What its alerts have in common.
    pub group: BTreeMap<String, String>,
    /// Why now.
    pub why: Why,
    /// What to tell: what is new or changed, and what else is still firing. Empty when everything was suppressed.
    pub alerts: Vec<Alert>,
    /// Those of them that are as they were told before.
    pub unchanged: BTreeSet<Fingerprint>,
    /// What was pending and is not told.
    pub suppressed: Vec<Suppressed>,
}

/// What keeps alerts of a set quiet.
#[derive(Clone, Copy)]
pub struct Quiet<'a> {
    /// The set's policy, unless it was deleted.
    pub policy: Option<&'a AlertPolicy>,
    /// Its parent, which counts first.
    pub parent: Option<&'a AlertPolicy>,
    /// What people have silenced.
    pub silences: &'a Silences,
}

impl MergeSet {
    /// An empty set for a route.
    pub fn new(route: &Route) -> MergeSet {
        let mut set = MergeSet {
            key: route.key.clone(),
            policy: route.policy.clone(),
            action_policy: route.action_policy.clone(),
            group: route.group.clone(),
            group_wait_seconds: 0,
            group_interval_seconds: 0,
            repeat_interval_seconds: 0,
            waiting_since: None,
            told: None,
            members: BTreeMap::new(),
        };
        set.take_times(route);
        set
    }

    fn take_times(&mut self, route: &Route) {
        self.group_wait_seconds = route.group_wait.as_secs();
        self.group_interval_seconds = route.group_interval.as_secs();
        self.repeat_interval_seconds = route.repeat_interval.as_secs();
    }

    /// Which set it is.
    pub fn key(&self) -> &SetKey {
        &self.key
    }

    /// Its alert policy.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Its action policy.
    pub fn action_policy(&self) -> &str {
        &self.action_policy
    }

    /// Whether an alert is in the set. That one is over belongs where it was told that it fired, though the policy or the alert's rows
    /// would lead elsewhere now.
    pub fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.members.contains_key(fingerprint)
    }

    /// The alerts in the set, in order.
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        self.members.keys()
    }

    /// The route that leads here.
    pub fn route(&self) -> Route {
        Route {
            key: self.key.clone(),
            policy: self.policy.clone(),
            action_policy: self.action_policy.clone(),
            group: self.group.clone(),
            group_wait: Duration::from_secs(self.group_wait_seconds),
            group_interval: Duration::from_secs(self.group_interval_seconds),
            repeat_interval: Duration::from_secs(self.repeat_interval_seconds),
        }
    }

    /// The alerts that are neither told nor suppressed yet.
    pub fn pending(&self) -> impl Iterator<Item = &Alert> {
        self.members.values().filter(|member| member.is_pending).map(|member| &member.alert)
    }

    /// Takes an alert in. The route's times hold from now on, so that a changed policy does.
    pub fn add(&mut self, route: &Route, alert: Alert, now: Timestamp) -> Added {
        self.take_times(route);
        self.forget(now);
        if self.is_over(now) {
            self.told = None;
        }
        let known = self.members.get(&alert.fingerprint);
        if known.is_none() && self.members.len() >= ALERTS_MAX {
            let reason = Reason::new("set_full", format!("its merge set holds {ALERTS_MAX} alerts already"));
            return Added { effect: Effect::Full, suppressed: Some(Suppressed::new(&alert, reason)) };
        }
        let superseded = known.filter(|member| member.is_pending).map(|member| {
            let why = format!("the evaluation of {} says {} and takes its place", alert.alert_time, alert.status);
            Suppressed::new(&member.alert, Reason::new("superseded", why))
        });
        let member = Member {
            is_pending: true,
            is_over: false,
            told: known.and_then(|member| member.told),
            suppressed: known.and_then(|member| member.suppressed),
            alert,
        };
        let effect = if member.is_changed() { Effect::Changed } else { Effect::Same };
        self.waiting_since.get_or_insert(now);
        self.members.insert(member.alert.fingerprint.clone(), member);
        Added { effect, suppressed: superseded }
    }

    /// Lets an alert go that is over and whose rule does not want that told. One that is pending stays until it was told: that it
    /// fired is news. When it fires again, that is news, too.
    /// False when it is not there.
    pub fn leave(&mut self, fingerprint: &Fingerprint) -> bool {
        let Some(member) = self.members.get_mut(fingerprint) else { return false };
        if member.told.take().is_some() {
            // Somebody heard of it, so what was suppressed since does not keep its end quiet.
            member.suppressed = None;
        }
        member.is_over = true;
        if !member.is_pending {
            self.members.remove(fingerprint);
        }
        true
    }

    /// When the set falls due, if it does without another alert.
    pub fn due_at(&self) -> Option<Timestamp> {
        let since = self.waiting_since?;
        let after = |at: Timestamp, seconds: u64| at.plus(Duration::from_secs(seconds));
        Some(match (self.told, self.has_changed()) {
            (None, _) => after(since, self.group_wait_seconds),
            (Some(told), true) => after(told, self.group_interval_seconds).max(since),
            (Some(told), false) => after(told, self.repeat_interval_seconds).max(since),
        })
    }

    fn has_changed(&self) -> bool {
        self.members.values().any(|member| member.is_pending && member.is_changed())
    }

    /// Tells the set if it is due. Afterwards nothing is pending.
    pub fn take(&mut self, now: Timestamp, quiet: &Quiet<'_>) -> Option<Telling> {
        if self.due_at().is_none_or(|due| due > now) {
            return None;
        }
        let why = match (self.told, self.has_changed()) {
            (None, _) => Why::First,
            (Some(_), true) => Why::Changed,
            (Some(_), false) => Why::Repeat,
        };
        self.waiting_since = None;
        let reasons = self.reasons(now, quiet);
        let mut suppressed = Vec::new();
        let mut alerts = Vec::new();
        let mut unchanged = BTreeSet::new();
        let mut is_anything_new = false;
        for (member, reason) in self.members.values_mut().filter(|member| member.is_told_at(now)).zip(reasons) {
            let was_pending = std::mem::take(&mut member.is_pending);
            match reason {
                Some(reason) if was_pending => {
                    member.suppressed = Some(now);
                    suppressed.push(Suppressed::new(&member.alert, reason));
                }
                Some(_) => {}
                None => {
                    is_anything_new |= was_pending;
                    if !member.is_changed() {
                        unchanged.insert(member.alert.fingerprint.clone());
                    }
                    alerts.push(member.alert.clone());
                }
            }
        }
        if is_anything_new {
            self.told = Some(now);
            for alert in &alerts {
                if let Some(member) = self.members.get_mut(&alert.fingerprint) {
                    member.told = Some((now, alert.status, alert.severity));
                }
            }
        } else {
            // What still fires was told before and has not come again.
            alerts.clear();
            unchanged.clear();
        }
        self.members.retain(|_, member| member.alert.status == Status::Firing && !member.is_over);
        self.forget(now);
        Some(Telling {
            key: self.key.clone(),
            policy: self.policy.clone(),
            action_policy: self.action_policy.clone(),
            group: self.group.clone(),
            why,
            alerts,
            unchanged,
            suppressed,
        })
    }

    /// For each member that would be told now why it is not, if it is not: inhibition first, then silence.
    fn reasons(&self, now: Timestamp, quiet: &Quiet<'_>) -> Vec<Option<Reason>> {
        let policies = || quiet.parent.into_iter().chain(quiet.policy);
        let members: Vec<&Member> = self.members.values().filter(|member| member.is_told_at(now)).collect();
        let alerts: Vec<&Alert> = members.iter().map(|member| &member.alert).collect();
        let inhibited = inhibit::inhibited(policies(), &alerts);
        let each = members.iter().zip(inhibited).map(|(member, inhibited)| {
            let silenced = || silence::by_policy(policies(), &member.alert, now);
            member.never_told().or(inhibited).or_else(silenced).or_else(|| quiet.silences.silenced(&member.alert, now))
        });
        each.collect()
    }

    /// Drops what was told or suppressed so long ago that it would be news again.
    fn forget(&mut self, now: Timestamp) {
        let kept = Duration::from_secs(self.repeat_interval_seconds);
        self.members.retain(|_, member| member.is_told_at(now) || member.last_seen().plus(kept) > now);
    }

    /// Whether nothing is left of the set, so that its row can go.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at().is_none_or(|end| end <= now)
    }

    /// When nothing will be left of the set without another alert: never while alerts wait, and not before the group interval is over,
    /// so that what comes and goes is not told at every turn.
    pub fn ends_at(&self) -> Option<Timestamp> {
        if self.waiting_since.is_some() {
            return Some(Timestamp::MAX);
        }
        let kept = Duration::from_secs(self.repeat_interval_seconds);
        let members = self.members.values().map(|member| member.last_seen().plus(kept).max(member.fresh_until())).max();
        members.max(self.told.map(|told| told.plus(Duration::from_secs(self.group_interval_seconds))))
    }
}

impl Member {
    /// Whether it is not as it was told.
    fn is_changed(&self) -> bool {
        self.told.is_none_or(|(_, status, severity)| status != self.alert.status || severity != self.alert.severity)
    }

    /// Whether it belongs into what is told now: it is pending, or was told and still fires.
    fn is_told_at(&self, now: Timestamp) -> bool {
        let is_still_firing = self.told.is_some() && self.alert.status == Status::Firing && now < self.fresh_until();
        self.is_pending || is_still_firing
    }

    /// Until when an alert counts as firing without another evaluation: one may be late, so twice the rule's interval.
    fn fresh_until(&self) -> Timestamp {
        let interval = u64::try_from(self.alert.next_eval_interval).unwrap_or(0);
        self.alert.alert_time.plus(Duration::from_secs(interval.saturating_mul(2)))
    }

    fn last_seen(&self) -> Timestamp {
        self.told.map(|(at, ..)| at).max(self.suppressed).unwrap_or(self.alert.alert_time)
    }

    /// Nobody is told that something is over of which nobody was told that it began.
    fn never_told(&self) -> Option<Reason> {
        let is_unheard = self.alert.status == Status::Resolved && self.told.is_none() && self.suppressed.is_some();
        is_unheard
            .then(|| Reason::new("never_told", "nobody was told that it fired, so nobody is told that it is resolved"))
    }
}
