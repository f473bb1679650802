//! What is asked: the lookups people make, each with many subjects, so that a median is not one lucky page.
//!
//! Subjects are chosen from the busiest account by making the events a second time and counting. A long run has
//! millions of resources, so beyond a limit only those whose hash falls into an ever smaller share are counted.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use model::{AccountId, Attribute, Event, Timestamp};
use store::{Condition, Lookup};

use crate::options::Options;

/// Subjects asked for per kind of question.
const SUBJECTS: usize = 50;
/// Newest events on a page.
const PAGE: usize = 50;
/// Values counted at once; a run of 2 M events stays below it.
const COUNTED_MAX: usize = 500_000;
const BY_ID: &str = "by event id";
const AIM_BY_ID_MS: f64 = 1.0;
const AIM_PAGE_MS: f64 = 5.0;
const DAY_MS: i64 = 86_400_000;

/// A kind of question with its subjects.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What the median should be at most at 2 M events.
    pub(crate) aim_ms: f64,
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
        let users = seen.users.sorted();
        let ask = Ask { account, span: options.span() };
        let users_from = |from: usize| users.iter().skip(from).take(SUBJECTS).map(|(user, _)| user.clone());
        // The few that do most, and as many that hardly do anything.
        let busy: Vec<String> = users_from(0).take(5).collect();
        let rare: Vec<String> = users_from(users.len().saturating_sub(SUBJECTS)).collect();
        let kinds = vec![
            ask.kind(BY_ID, &seen.ids, |id| vec![Condition::Is(Attribute::EventId, id.clone())]),
            ask.kind("newest 50 of a busy user", &busy, |user| vec![Condition::Is(Attribute::User, user.clone())]),
            ask.kind("newest 50 of a rare user", &rare, |user| vec![Condition::Is(Attribute::User, user.clone())]),
            ask.kind("newest 50 by resource", &spread(&seen.resources.sorted()), |resource| {
                vec![Condition::Is(Attribute::ResourceName, resource.clone())]
            }),
            ask.kind("newest 50 by access key", &spread(&seen.access_keys.sorted()), |key| {
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
        let aim_ms = if name == BY_ID { AIM_BY_ID_MS } else { AIM_PAGE_MS };
        Kind { name, aim_ms, lookups: subjects.iter().map(|subject| self.lookup(of(subject))).collect() }
    }

    fn name_in_a_day(&self, days: &[(String, Timestamp)]) -> Kind {
        let of_day = |(name, at): &(String, Timestamp)| {
            let start = at.0 - at.0.rem_euclid(DAY_MS);
            let lookup = self.lookup(vec![Condition::Is(Attribute::EventName, name.clone())]);
            Lookup { from: Timestamp(start), through: Timestamp(start + DAY_MS - 1), ..lookup }
        };
        Kind { name: "one event name within a day", aim_ms: AIM_PAGE_MS, lookups: days.iter().map(of_day).collect() }
    }
}

/// How often values occur: of all values, or of a fair choice of them when there are very many.
#[derive(Default)]
struct Counts {
    counts: HashMap<String, u64>,
    /// Counted are values whose hash ends in this many zero bits.
    zero_bits: u32,
}

impl Counts {
    fn count(&mut self, value: &str) {
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        } else if is_chosen(value, self.zero_bits) {
            self.counts.insert(value.to_owned(), 1);
            if self.counts.len() > COUNTED_MAX {
                self.zero_bits += 1;
                self.counts.retain(|value, _| is_chosen(value, self.zero_bits));
            }
        }
    }

    /// The most frequent first.
    fn sorted(&self) -> Vec<(String, u64)> {
        let mut sorted: Vec<(String, u64)> = self.counts.iter().map(|(value, count)| (value.clone(), *count)).collect();
        sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sorted
    }
}

fn is_chosen(value: &str, zero_bits: u32) -> bool {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().trailing_zeros() >= zero_bits
}

/// What the stream holds for one account.
#[derive(Default)]
struct Seen {
    users: Counts,
    resources: Counts,
    access_keys: Counts,
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
            match attribute {
                Attribute::User => self.users.count(value),
                Attribute::ResourceName => self.resources.count(value),
                Attribute::EventAccessKeyId => self.access_keys.count(value),
                _ => {}
            }
        }
    }

    fn keep(&mut self, event: &Event, token: Option<String>) {
        self.ids.push(event.id().to_owned());
        self.tokens.extend(token);
        let name = event.first(Attribute::EventName).unwrap_or_default();
        self.days.push((name.to_owned(), event.time()));
    }
}

fn request_id(json: &str) -> Option<String> {
    let (_, rest) = json.split_once("\"requestId\":\"")?;
    Some(rest.split('"').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_counted_by_a_fair_choice_of_them() {
        let mut counts = Counts::default();
        for round in 0..2 {
            for number in 0..COUNTED_MAX * 2 + round {
                counts.count(&number.to_string());
            }
        }
        assert!(counts.zero_bits > 0 && counts.counts.len() <= COUNTED_MAX);
        let chosen: Vec<_> = counts.counts.keys().filter(|value| !is_chosen(value, counts.zero_bits)).collect();
        assert_eq!(chosen, Vec::<&String>::new());
        let (_, most) = &counts.sorted()[0];
        assert_eq!(*most, 2);
    }

    #[test]
    fn the_most_frequent_comes_first() {
        let mut counts = Counts::default();
        ["b", "a", "c", "a"].iter().for_each(|value| counts.count(value));
        let sorted = [("a", 2), ("b", 1), ("c", 1)].map(|(value, count)| (value.to_owned(), count));
        assert_eq!(counts.sorted(), sorted);
    }
}
