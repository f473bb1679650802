//! What is asked: the lookups people make, each with many subjects, so that a median is not one lucky page.
//!
//! Subjects are chosen from the busiest account by making the events a second time and counting.

use std::collections::HashMap;

use model::{AccountId, Attribute, Event, Timestamp};
use store::{Condition, Lookup};

use crate::options::Options;

/// Subjects asked for per kind of question.
const SUBJECTS: usize = 50;
/// Newest events on a page.
const PAGE: usize = 50;
const DAY_MS: i64 = 86_400_000;

/// A kind of question with its subjects.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) lookups: Vec<Lookup>,
}

/// Everything that is asked, of one account.
pub(crate) struct Questions {
    account: AccountId,
    pub(crate) kinds: Vec<Kind>,
}

impl Questions {
    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    pub(crate) fn choose(options: &Options) -> Questions {
        let sample = options.sample();
        let account = sample.accounts[0];
        let seen = Seen::of(options, account);
        let users = seen.by_count(Attribute::User);
        let ask = Ask { account, span: options.span() };
        let users_from = |from: usize| users.iter().skip(from).take(SUBJECTS).map(|(user, _)| user.clone());
        // The few that do most, and as many that hardly do anything.
        let busy: Vec<String> = users_from(0).take(5).collect();
        let rare: Vec<String> = users_from(users.len().saturating_sub(SUBJECTS)).collect();
        let spread = |attribute| spread(&seen.by_count(attribute));
        let kinds = vec![
            ask.kind("by event id", &seen.ids, |id| vec![Condition::Is(Attribute::EventId, id.clone())]),
            ask.kind("newest 50 of a busy user", &busy, |user| vec![Condition::Is(Attribute::User, user.clone())]),
            ask.kind("newest 50 of a rare user", &rare, |user| vec![Condition::Is(Attribute::User, user.clone())]),
            ask.kind("newest 50 by resource", &spread(Attribute::ResourceName), |resource| {
                vec![Condition::Is(Attribute::ResourceName, resource.clone())]
            }),
            ask.kind("newest 50 by access key", &spread(Attribute::EventAccessKeyId), |key| {
                vec![Condition::Is(Attribute::EventAccessKeyId, key.clone())]
            }),
            ask.name_in_a_day(&seen.days),
            ask.kind("a token anywhere", &seen.tokens, |token| vec![Condition::Text(token.clone())]),
            ask.kind("newest 50 of the account", &[String::new()], |_| Vec::new()),
        ];
        Questions { account, kinds }
    }
}

/// Some with many events, some with few: every n-th by count.
fn spread(by_count: &[(String, u64)]) -> Vec<String> {
    let step = (by_count.len() / SUBJECTS).max(1);
    by_count.iter().step_by(step).take(SUBJECTS).map(|(value, _)| value.clone()).collect()
}

struct Ask {
    account: AccountId,
    span: (Timestamp, Timestamp),
}

impl Ask {
    fn lookup(&self, conditions: Vec<Condition>) -> Lookup {
        Lookup {
            account: self.account,
            from: self.span.0,
            through: self.span.1,
            conditions,
            newest_first: true,
            after: None,
            limit: PAGE,
        }
    }

    fn kind(&self, name: &'static str, subjects: &[String], of: impl Fn(&String) -> Vec<Condition>) -> Kind {
        Kind { name, lookups: subjects.iter().map(|subject| self.lookup(of(subject))).collect() }
    }

    fn name_in_a_day(&self, days: &[(String, Timestamp)]) -> Kind {
        let of_day = |(name, at): &(String, Timestamp)| {
            let start = at.0 - at.0.rem_euclid(DAY_MS);
            let lookup = self.lookup(vec![Condition::Is(Attribute::EventName, name.clone())]);
            Lookup { from: Timestamp(start), through: Timestamp(start + DAY_MS - 1), ..lookup }
        };
        Kind { name: "one event name within a day", lookups: days.iter().map(of_day).collect() }
    }
}

/// What the stream holds for one account.
#[derive(Default)]
struct Seen {
    counts: HashMap<(Attribute, String), u64>,
    ids: Vec<String>,
    /// Words that occur in one event only: request ids.
    tokens: Vec<String>,
    days: Vec<(String, Timestamp)>,
}

impl Seen {
    fn of(options: &Options, account: AccountId) -> Seen {
        let mut seen = Seen::default();
        let mut generator = options.generator();
        // Ids, words and days are taken from all over the stream.
        let stride = options.events / SUBJECTS as u64;
        let mut due = 0;
        for number in 0..options.events {
            let (owner, json) = generator.next_event();
            if owner != account {
                continue;
            }
            let token = request_id(&json);
            let Ok(event) = Event::parse(json.into()) else { continue };
            seen.count(&event);
            if number >= due {
                due += stride;
                seen.keep(&event, token);
            }
        }
        seen
    }

    fn count(&mut self, event: &Event) {
        for (attribute, value) in event.attributes() {
            if matches!(attribute, Attribute::User | Attribute::ResourceName | Attribute::EventAccessKeyId) {
                *self.counts.entry((attribute, value.to_owned())).or_default() += 1;
            }
        }
    }

    fn keep(&mut self, event: &Event, token: Option<String>) {
        self.ids.push(event.id().to_owned());
        self.tokens.extend(token);
        let name = event.first(Attribute::EventName).unwrap_or_default();
        self.days.push((name.to_owned(), event.time()));
    }

    fn by_count(&self, attribute: Attribute) -> Vec<(String, u64)> {
        let of_attribute = self.counts.iter().filter(|((each, _), _)| *each == attribute);
        let mut counts: Vec<(String, u64)> = of_attribute.map(|((_, value), count)| (value.clone(), *count)).collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    }
}

fn request_id(json: &str) -> Option<String> {
    let (_, rest) = json.split_once("\"requestId\":\"")?;
    Some(rest.split('"').next()?.to_owned())
}
