//! The runs of a trial, one after the other: what a rule makes of what its queries found, and where it then stands.
//!
//! Conditions, joins and templates are a tenant's and take their time, so whoever makes runs does it on a blocking thread.

use std::sync::Arc;

use alert::evaluate::{Outcome, Place, QueryAnswer, RuleState, Scope, Step, evaluate, step};
use model::Timestamp;

use super::answers::Seen;
use crate::question::Asked;
use crate::rules::KnownRule;

/// One run: the answers and what the rule makes of them.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) answers: Vec<QueryAnswer>,
    pub(crate) outcome: Result<Outcome, String>,
}

/// See the module.
pub(crate) struct Runs {
    rule: Arc<KnownRule>,
    state: RuleState,
    last: Option<Arc<Looked>>,
    /// How many evaluations were really made.
    pub(crate) made: usize,
}

impl Runs {
    /// From a rule that has never run.
    pub(crate) fn new(rule: Arc<KnownRule>) -> Runs {
        Runs { rule, state: RuleState::default(), last: None, made: 0 }
    }

    /// The next run.
    pub(crate) fn next(&mut self, seen: Seen) -> (Arc<Looked>, Step) {
        let Seen { instant, asked, news } = seen;
        let looked = match (news, self.last.take()) {
            (None, Some(same)) => same,
            (news, _) => {
                self.made += 1;
                let (answers, failure) = news.unwrap_or_default();
                Arc::new(match failure {
                    Some(why) => Looked { answers, outcome: Err(why) },
                    None => look(&self.rule, answers),
                })
            }
        };
        let looked = self.of_this_time(looked, &asked);
        self.last = Some(looked.clone());
        let outcome = looked.outcome.as_ref().map_err(String::as_str);
        let place = place(&self.rule, instant);
        let step = step(&self.rule.rule, &place, Scope::Everything, &self.state, &looked.answers, outcome);
        self.state = step.state.clone();
        (looked, step)
    }

    /// An answer that several runs share says of each run its own time, and is looked at anew where that matters.
    fn of_this_time(&self, looked: Arc<Looked>, asked: &[Asked]) -> Arc<Looked> {
        let range = |asked: &Asked| (asked.from.0.div_euclid(1000), asked.before.0.div_euclid(1000));
        let is_of =
            |answer: &QueryAnswer, asked: &Asked| (answer.found.start_time, answer.found.end_time) == range(asked);
        if looked.answers.iter().zip(asked).all(|(answer, asked)| is_of(answer, asked)) {
            return looked;
        }
        let looks_at_times = self.rule.rule.looks_at_times();
        // Nobody sees the times of a run that found nothing.
        if !looks_at_times && looked.outcome.as_ref().is_ok_and(|outcome| outcome.fired.is_empty()) {
            return looked;
        }
        let mut own = Looked::clone(&looked);
        for (answer, asked) in own.answers.iter_mut().zip(asked) {
            (answer.found.start_time, answer.found.end_time) = range(asked);
        }
        Arc::new(if looks_at_times { look(&self.rule, own.answers) } else { own })
    }
}

fn look(rule: &KnownRule, answers: Vec<QueryAnswer>) -> Looked {
    let outcome = evaluate(&rule.rule, &answers).map_err(|error| error.to_string());
    Looked { answers, outcome }
}

fn place(rule: &KnownRule, instant: Timestamp) -> Place {
    Place {
        account: rule.row.account,
        region: rule.region.clone(),
        project: rule.row.project.clone(),
        rule: rule.row.name.clone(),
        rule_title: rule.row.display_name.clone(),
        now: instant,
        next_eval_interval: rule.schedule.seconds_until_next(instant),
        is_caught_up: false,
    }
}
