//! What an event costs with 10, 1,000 and 10,000 alert rules on the stream; in process, on the run's own events.
//!
//! Twice: five rules of each of many accounts, and all rules of one account, which is the worst an index over accounts can
//! meet. Rules are made of values that occur, but not together, so that an event is for few of them. Beside it what
//! comparing the event with each rule of its account costs.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use alert::stream::RuleIndex;
use anyhow::{Context, Result};
use bytes::Bytes;
use model::logstore::View;
use model::{AccountId, Attribute, Event, Seq};
use query::{Matcher, Search};
use serde::Serialize;

use crate::options::Options;

const RULES: [usize; 3] = [10, 1_000, 10_000];
const EVENTS: usize = 20_000;
const RULES_OF_AN_ACCOUNT: usize = 5;
/// Comparing each is as slow as it is: fewer events say it, too.
const COMPARISONS: usize = 1_000_000;

/// The figures at one number of rules.
#[derive(Debug, Serialize)]
pub(crate) struct Looked {
    pub(crate) layout: &'static str,
    pub(crate) rules: usize,
    /// Finding the rules of an event.
    pub(crate) look_nanos_per_event: f64,
    /// Rules compared with an event.
    pub(crate) compared_per_event: f64,
    /// Rules an event is for.
    pub(crate) rules_per_event: f64,
    /// Making the index.
    pub(crate) build_micros: f64,
    /// Removing a rule and adding it again.
    pub(crate) change_micros: f64,
    /// Comparing an event with each rule of its account.
    pub(crate) compare_nanos_per_event: f64,
}

/// Measures both layouts.
pub(crate) fn measure(options: &Options) -> Result<Vec<Looked>> {
    let mut generator = options.generator();
    let mut events = Vec::new();
    for _ in 0..EVENTS {
        events.push(Event::parse(Bytes::from(generator.next_event().1.into_bytes()))?);
    }
    let mut figures = Vec::new();
    for rules in RULES {
        figures.push(at("five of each account", rules, rules.div_ceil(RULES_OF_AN_ACCOUNT), &events)?);
    }
    for rules in RULES {
        figures.push(at("all of one account", rules, 1, &events)?);
    }
    Ok(figures)
}

/// `stream-rules` as the first argument: only this is measured.
pub(crate) fn print(options: &Options) -> Result<()> {
    for line in markdown(&measure(options)?) {
        println!("{line}");
    }
    Ok(())
}

/// A table, and how much more an event costs with the most rules than with the fewest.
pub(crate) fn markdown(figures: &[Looked]) -> Vec<String> {
    let mut lines = vec![
        "| rules on the stream | rules | ns an event, looking | ns an event, comparing each | compared an event | for an event | index made, µs | a change, µs |".to_owned(),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for each in figures {
        lines.push(format!(
            "| {} | {} | {:.0} | {:.0} | {:.2} | {:.2} | {:.0} | {:.1} |",
            each.layout,
            each.rules,
            each.look_nanos_per_event,
            each.compare_nanos_per_event,
            each.compared_per_event,
            each.rules_per_event,
            each.build_micros,
            each.change_micros,
        ));
    }
    for some in figures.chunks(RULES.len()) {
        if let (Some(few), Some(many)) = (some.first(), some.last()) {
            let ratio = many.look_nanos_per_event / few.look_nanos_per_event;
            let text = format!(
                "Looking at an event with {} rules costs {ratio:.2} times what it costs with {} ({}).",
                many.rules, few.rules, few.layout
            );
            lines.push(String::new());
            lines.push(text);
        }
    }
    lines
}

fn at(layout: &'static str, rules: usize, accounts: usize, events: &[Event]) -> Result<Looked> {
    let accounts: Vec<AccountId> =
        (0..accounts).map(|number| format!("1{number:015}").parse().expect("digits are an account id")).collect();
    let views: Vec<Arc<View>> = accounts.iter().map(|account| Arc::new(View::of_account(*account))).collect();
    let searches = (0..rules).map(|number| rule(number, events)).collect::<Result<Vec<Search>>>()?;
    let started = Instant::now();
    let mut index = RuleIndex::default();
    for (number, search) in searches.iter().enumerate() {
        index.insert(number, &views[number % views.len()], search);
    }
    let build_micros = started.elapsed().as_secs_f64() * 1e6;

    let (mut compared, mut found) = (0, 0);
    let started = Instant::now();
    for (place, event) in events.iter().enumerate() {
        let account = accounts[place % accounts.len()];
        let tried = index.look_at(account, Seq(1), event, &mut |rule| {
            black_box(rule);
        });
        compared += tried.compared;
        found += tried.rules;
    }
    let look_nanos_per_event = started.elapsed().as_secs_f64() * 1e9 / events.len() as f64;

    let changes = rules.min(1_000);
    let started = Instant::now();
    for (number, search) in searches.iter().enumerate().take(changes) {
        index.insert(number, &views[number % views.len()], search);
    }
    let change_micros = started.elapsed().as_secs_f64() * 1e6 / changes as f64;

    let matchers: Vec<Matcher> = searches.iter().map(Matcher::new).collect();
    let of_an_account = rules.div_ceil(accounts.len());
    let some = &events[..(COMPARISONS / of_an_account).clamp(1, events.len())];
    let started = Instant::now();
    for (place, event) in some.iter().enumerate() {
        let of_account = matchers.iter().skip(place % accounts.len()).step_by(accounts.len());
        black_box(of_account.filter(|matcher| matcher.holds(event.raw())).count());
    }
    Ok(Looked {
        layout,
        rules,
        look_nanos_per_event,
        compared_per_event: compared as f64 / events.len() as f64,
        rules_per_event: found as f64 / events.len() as f64,
        build_micros,
        change_micros,
        compare_nanos_per_event: started.elapsed().as_secs_f64() * 1e9 / some.len() as f64,
    })
}

fn rule(number: usize, events: &[Event]) -> Result<Search> {
    let text = query_text(number, events);
    Ok(query::parse(&text).with_context(|| format!("the rule {text:?} cannot be read"))?.search)
}

/// A rule of values of two events that lie apart: what one did, by the key, address or name of the other.
pub(crate) fn query_text(number: usize, events: &[Event]) -> String {
    let one = &events[number * 7 % events.len()];
    let other = &events[(number * 13 + 5) % events.len()];
    let name = one.first(Attribute::EventName).unwrap_or("Nothing");
    let of = |attribute| other.first(attribute).unwrap_or("nothing");
    match number % 5 {
        0 => format!("event.eventName: {name} and event.userIdentity.userName: \"{}\"", of(Attribute::User)),
        1 => format!(
            "event.eventName: {name} and event.userIdentity.accessKeyId: \"{}\" and event.eventRW: Write",
            of(Attribute::EventAccessKeyId)
        ),
        2 => format!(
            "event.sourceIpAddress: \"{}\" and event.eventName: {name} and event.errorCode: *",
            of(Attribute::SourceIpAddress)
        ),
        3 => format!(
            "(event.eventName: {name}{number} or event.eventName: Delete{number}*) and not event.eventType: ConsoleSignin"
        ),
        _ => format!("\"resource-{number}\" and event.serviceName: {}", of(Attribute::ServiceName)),
    }
}
