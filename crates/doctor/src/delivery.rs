//! How far the trails are: no further than the events, and along stretches that follow each other.

use catalog::{Inspected, InspectedTrail};
use model::Seq;

use crate::examine::count;
use crate::report::{Finding, Part, Report, Verdict};

pub(crate) fn check(report: &mut Report, catalog: &Inspected) {
    let head = report.head;
    for trail in &catalog.trails {
        for what in problems(trail, head) {
            let what = format!("trail {} of account {}, {}: {what}", trail.name, trail.account, trail.delivery.kind);
            let finding = Finding::new(Part::Delivery, Verdict::Damaged, what);
            report.findings.push(
                finding
                    .means("The trail may leave events out, or deliver some twice.")
                    .advice("Is the catalog of another time than the journal? Restore both from one backup."),
            );
        }
    }
    report.part(Part::Delivery, count(catalog.trail_count, "trail"));
}

fn problems(trail: &InspectedTrail, head: Seq) -> Vec<String> {
    let mut problems = Vec::new();
    if trail.cursor > head {
        problems.push(format!("it has delivered up to event {}, the last event is {head}", trail.cursor));
    }
    let mut before: Option<(Seq, Option<Seq>)> = None;
    for (id, after, through) in &trail.intervals {
        if *after > head || through.is_some_and(|through| through > head) {
            problems.push(format!("its interval {id} reaches beyond the last event {head}"));
        }
        if through.is_some_and(|through| through < *after) {
            problems.push(format!("its interval {id} ends before it begins"));
        }
        match before {
            Some((_, None)) => problems.push(format!("its interval {id} follows one that is still open")),
            Some((_, Some(end))) if *after < end => {
                problems.push(format!("its interval {id} begins before the one before it ends"));
            }
            _ => {}
        }
        before = Some((*after, *through));
    }
    let is_open = before.is_some_and(|(_, through)| through.is_none());
    if is_open != trail.is_logging {
        let (says, has) = if is_open { ("not logging", "an open") } else { ("logging", "no open") };
        problems.push(format!("it is {says} and has {has} interval"));
    }
    if let Some(plan) = &trail.plan {
        let interval = trail.intervals.iter().find(|(id, ..)| *id == plan.interval);
        let fits = interval.is_some_and(|(_, after, through)| {
            plan.after >= *after && through.is_none_or(|through| plan.through <= through)
        });
        if !fits || plan.after >= plan.through || plan.through > head || plan.after < trail.cursor {
            let Seq(after) = plan.after;
            problems.push(format!("its plan, events {} to {}, lies in none of its intervals", after + 1, plan.through));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use catalog::{DeliveryId, Plan};

    use super::*;

    type Change = fn(&mut InspectedTrail);

    fn trail() -> InspectedTrail {
        InspectedTrail {
            delivery: DeliveryId::bucket(1),
            account: "77".parse().expect("an account"),
            name: "main-trail".to_owned(),
            is_logging: true,
            cursor: Seq(15),
            plan: Some(Plan { interval: 2, after: Seq(30), through: Seq(40) }),
            intervals: vec![(1, Seq(10), Some(Seq(20))), (2, Seq(20), None)],
        }
    }

    #[test]
    fn sane_ones_pass_and_each_oddity_is_named() {
        assert_eq!(problems(&trail(), Seq(40)), [""; 0]);
        let cases: [(&str, Change); 9] = [
            ("has delivered up to event 41", |trail| (trail.cursor, trail.plan) = (Seq(41), None)),
            ("lies in none", |trail| trail.plan.as_mut().expect("one").through = Seq(41)),
            ("lies in none", |trail| trail.plan.as_mut().expect("one").interval = 1),
            ("lies in none", |trail| trail.plan.as_mut().expect("one").after = Seq(40)),
            ("lies in none", |trail| trail.cursor = Seq(31)),
            ("ends before it begins", |trail| trail.intervals[0].2 = Some(Seq(9))),
            ("begins before the one before", |trail| trail.intervals[0].2 = Some(Seq(21))),
            ("logging", |trail| trail.is_logging = false),
            ("still open", |trail| trail.intervals[0].2 = None),
        ];
        for (expected, change) in cases {
            let mut trail = trail();
            change(&mut trail);
            let problems = problems(&trail, Seq(40));
            assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:?}");
        }
        assert!(problems(&InspectedTrail { plan: None, ..trail() }, Seq(19))[0].contains("beyond the last event"));
    }
}
