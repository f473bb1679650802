//! One run at the desk: brought together with what was before, it changes its rule, its incidents and its merge sets.

use std::collections::HashMap;

use alert::evaluate::{Place, RuleState, Scope, Step, step};
use alert::{Alert, Fingerprint};
use catalog::{AlertRuleId, AlertRuleState, CatalogError, EvaluatedRule, Incident, IncidentChange, IncidentStatus};
use model::Timestamp;
use tracing::error;

use super::clerk::Clerk;
use super::draft::Draft;
use super::slim::slim;
use crate::decide::{AlertRef, Decision, incident_id, route_legacy};
use crate::evaluation::{Outcome, Run};
use crate::history;

/// Where a rule stands.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) state: RuleState,
    pub(super) through: Timestamp,
    /// When the stream last saw an instance: a run of an earlier instant cannot say that it has ended.
    pub(super) streamed: HashMap<Fingerprint, Timestamp>,
}

/// The alerts of a run.
struct Alerts {
    firing: Vec<Alert>,
    resolved: Vec<Alert>,
    /// Those that began to fire, or became worse or better.
    begun: Vec<AlertRef>,
    is_muted: bool,
}

impl Clerk {
    async fn standing(&self, draft: &Draft, outcome: &Outcome) -> Result<Standing, CatalogError> {
        let row = &outcome.rule.row;
        let in_draft = draft.standings.iter().rev().find(|(id, _)| *id == row.id).map(|(_, standing)| standing);
        if let Some(standing) = in_draft.or_else(|| self.standings.get(&row.id)) {
            return Ok(standing.clone());
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
    pub(super) async fn take(
        &mut self,
        outcome: &Outcome,
        now: Timestamp,
        draft: &mut Draft,
    ) -> Result<(), CatalogError> {
        let mut standing = self.standing(draft, outcome).await?;
        let row = &outcome.rule.row;
        let is_streamed = outcome.run == Run::Streamed;
        let stepped = stepped(outcome, &standing);
        let is_news = |alert: &&Alert| {
            let before = standing.state.instances.get(&alert.fingerprint);
            before.is_none_or(|before| before.fire_time.is_none() || before.severity != alert.severity)
        };
        let begun: Vec<AlertRef> = stepped.firing.iter().filter(is_news).map(AlertRef::of).collect();
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
        if is_streamed && begun.is_empty() {
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

        for alert in &resolved {
            let (fingerprint, at) = (alert.fingerprint.0.clone(), outcome.instant);
            draft.change.incidents.push(IncidentChange::Ends { account: row.account, fingerprint, at });
        }
        let alerts = Alerts { firing: firing.into_iter().map(slim).collect(), resolved, begun, is_muted };
        self.hand_on(outcome, alerts, now, draft).await
    }

    /// What fires becomes incidents, and goes into merge sets with what has ended.
    async fn hand_on(
        &mut self,
        outcome: &Outcome,
        alerts: Alerts,
        now: Timestamp,
        draft: &mut Draft,
    ) -> Result<(), CatalogError> {
        let (rule, row) = (&outcome.rule.rule, &outcome.rule.row);
        let Alerts { firing, resolved, begun, is_muted } = alerts;
        for alert in &firing {
            draft.change.incidents.push(IncidentChange::Fires(Box::new(incident(row.id, alert))));
        }
        let rules = self.tools.rules.borrow().clone();
        let decider = self.accounts.decider(&self.tools.catalog, row.account, &rules, now).await?;
        let (told, silent) =
            if rule.sends_resolved && !is_muted { (resolved, Vec::new()) } else { (Vec::new(), resolved) };
        for alert in &silent {
            decider.leave(&alert.fingerprint);
        }
        let mut decisions = Vec::new();
        if is_muted {
            let until = rule.mute_until.map_or_else(String::new, |until| format!(" until {until}"));
            let muted = |alert| Decision::not_told("muted", format!("the rule is muted{until}"), vec![alert]);
            decisions.extend(begun.into_iter().map(muted));
        } else {
            for mut alert in firing.into_iter().chain(told.into_iter().map(slim)) {
                if let Some(legacy) = &rule.legacy {
                    route_legacy(&mut alert, row, legacy);
                }
                decisions.extend(decider.add(&alert, now));
            }
        }
        self.record(row.account, decisions, now, draft);
        Ok(())
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
