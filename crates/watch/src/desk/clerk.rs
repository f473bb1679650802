//! Whoever sits at the desk: takes what waits, computes what changes, writes it, answers.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use catalog::{AlertRuleId, Applied};
use host::Shutdown;
use model::{AccountId, Timestamp};
use tokio::sync::mpsc;
use tracing::warn;

use super::accounts::Accounts;
use super::deciding::NoDraft;
use super::draft::Draft;
use super::run::Standing;
use super::{OutdatedRules, REQUESTS_MAX, Request, Tools, Verdict};
use crate::decide::{Act, Decision};
use crate::evaluation::Outcome;

/// Before the catalog is asked again when it failed.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// The same thing that is not told for the same reason is recorded once in this time.
const QUIET_AGAIN: Duration = Duration::from_secs(3600);
/// Between two looks for such records that are older.
const QUIET_SWEEP: Duration = Duration::from_secs(60);
const HEX: &[u8] = b"0123456789abcdef";

/// See the module.
pub(crate) struct Clerk {
    pub(super) tools: Tools,
    pub(super) accounts: Accounts,
    pub(super) standings: HashMap<AlertRuleId, Standing>,
    /// What was recorded as not told, and when.
    pub(super) quiet: HashMap<(String, Cow<'static, str>), Timestamp>,
    quiet_swept: Option<Timestamp>,
    pub(super) escalated: Option<Timestamp>,
}

impl Clerk {
    pub(crate) fn new(tools: Tools) -> Clerk {
        let (accounts, standings) = (Accounts::default(), HashMap::new());
        Clerk { tools, accounts, standings, quiet: HashMap::new(), quiet_swept: None, escalated: None }
    }

    /// Works until the node stops. What waits then is not done, as after a crash.
    pub(crate) async fn run(mut self, queue: &mut mpsc::Receiver<Request>, shutdown: &Shutdown) {
        // What saved sets lead to may stand in a rule: the rules come first.
        let mut rules = self.tools.rules.clone();
        tokio::select! {
            () = shutdown.begun() => return,
            changed = rules.changed() => if changed.is_err() { return },
        }
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

    fn pause(&mut self) -> Duration {
        let now = self.tools.clock.now();
        let due = self.accounts.next_due().map_or(self.tools.config.look_again, |due| due.since(now));
        due.clamp(Duration::from_millis(1), self.tools.config.look_again)
    }

    /// Does what waits and what is due, as often as it takes.
    async fn work(&mut self, requests: Vec<Request>) {
        let mut outdated = OutdatedRules::new();
        let answered = loop {
            let now = self.tools.clock.now();
            let applied = match self.draft(&requests, &outdated, now).await {
                Ok(draft) if draft.is_empty() => break self.adopt(draft, now),
                Ok(draft) => match self.tools.catalog.alert_apply(&draft.change, now).await {
                    Ok(Applied::Done) => break self.adopt(draft, now),
                    other => other.map_err(NoDraft::Catalog),
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
                Ok(Applied::Done) | Err(NoDraft::Broke) => {}
                Err(NoDraft::Catalog(error)) => {
                    warn!(%error, "could not write what alert rules led to; trying again");
                    tokio::time::sleep(CATALOG_PAUSE).await;
                }
            }
        };
        for request in requests {
            answer(request, &outdated, &answered);
        }
    }

    /// What follows in memory from what is durable now; says which questions of the outbox are answered.
    fn adopt(&mut self, draft: Draft, now: Timestamp) -> HashSet<String> {
        self.standings.extend(draft.standings);
        if self.quiet_swept.is_none_or(|at| now.since(at) >= QUIET_SWEEP || now < at) {
            self.quiet.retain(|_, at| now.since(*at) < QUIET_AGAIN);
            self.quiet_swept = Some(now);
        }
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
        draft.change.answered.into_iter().map(|(id, _)| id).collect()
    }

    async fn draft(
        &mut self,
        requests: &[Request],
        outdated: &OutdatedRules,
        now: Timestamp,
    ) -> Result<Draft, NoDraft> {
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
                    self.take_answer(id, *account, question, now, &mut draft).await?;
                }
            }
        }
        for account in self.accounts.due(now) {
            self.speak(account, now, &mut draft).await?;
        }
        self.escalate(now, &mut draft).await?;
        draft.change.sets.extend(self.accounts.take_changed(now));
        Ok(draft)
    }

    /// Decisions as rows.
    pub(super) fn record(&self, account: AccountId, decisions: Vec<Decision>, now: Timestamp, draft: &mut Draft) {
        for decision in decisions {
            if matches!(decision.act, Act::Suppress) && self.was_recorded(&decision, now, draft) {
                continue;
            }
            let id = self.tools.random.text(32, HEX);
            draft.write(account, id, decision, now);
        }
    }

    /// Whether it was recorded lately that these alerts are not told for this reason.
    fn was_recorded(&self, decision: &Decision, now: Timestamp, draft: &mut Draft) -> bool {
        let mut about = format!("{}\n{}", decision.action_policy, decision.recipient);
        for alert in &decision.alerts {
            about.push_str(&format!("\n{} {}", alert.incident, alert.status));
        }
        let key = (about, decision.code.clone());
        let is_recent = self.quiet.get(&key).is_some_and(|at| now.since(*at) < QUIET_AGAIN);
        let is_known = is_recent || draft.quiet.contains(&key);
        if !is_known {
            draft.quiet.push(key);
        }
        is_known
    }
}

/// An answer that nobody waits for any more is dropped.
fn answer(request: Request, outdated: &OutdatedRules, answered: &HashSet<String>) {
    match request {
        Request::Apply { outcomes, reply, .. } => {
            let verdict = |outcome: &Outcome| match outdated.contains(&outcome.rule.row.id) {
                true => Verdict::Outdated,
                false => Verdict::Done,
            };
            let _ = reply.send(outcomes.iter().map(verdict).collect());
        }
        Request::Answered { id, reply, .. } if answered.contains(&id) => {
            let _ = reply.send(());
        }
        // Who hears nothing asks again.
        Request::Answered { .. } => {}
    }
}
