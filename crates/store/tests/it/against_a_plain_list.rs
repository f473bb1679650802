//! Random events, random moments of sealing, merging and reopening, random questions: the answers are those of a
//! plain list that is filtered and sorted.

use catalog::Catalog;
use model::event::Category;
use model::{Attribute, Seq, Timestamp};
use proptest::prelude::*;
use store::{Condition, Lookup, Position};

use crate::node::{Node, entry, id, small};

#[derive(Debug, Clone)]
struct Sample {
    account: u8,
    number: u16,
    minute: u16,
    user: u8,
    name: u8,
    is_insight: bool,
    resources: Vec<u8>,
}

impl Sample {
    fn account(&self) -> String {
        format!("100{}", self.account)
    }

    fn time(&self) -> Timestamp {
        Timestamp(1_768_000_000_000 + i64::from(self.minute) * 60_000)
    }

    fn json(&self) -> String {
        let resources: Vec<String> = self.resources.iter().map(|n| format!("\"res-{n}\"")).collect();
        let category = if self.is_insight { r#""eventCategory":"Insight","# } else { "" };
        format!(
            r#"{{"eventId":"id-{}","eventTime":"{}","eventName":"Call{}",{category}"userIdentity":{{"userName":"user-{}"}},"requestId":"REQ-{}-x","referencedResources":{{"T":[{}]}}}}"#,
            self.number,
            self.time(),
            self.name,
            self.user,
            self.number,
            resources.join(",")
        )
    }

    fn has(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Is(Attribute::User, value) => *value == format!("user-{}", self.user),
            Condition::Is(Attribute::EventName, value) => *value == format!("Call{}", self.name),
            Condition::Is(Attribute::EventId, value) => *value == format!("id-{}", self.number),
            Condition::Is(Attribute::ResourceName, value) => {
                self.resources.iter().any(|n| *value == format!("res-{n}"))
            }
            Condition::Is(..) => false,
            Condition::Text(text) => self.json().to_lowercase().contains(&text.to_lowercase()),
            Condition::AnyOf(pairs) => {
                pairs.iter().any(|(attribute, value)| self.has(&Condition::Is(*attribute, value.clone())))
            }
            Condition::Category(category) => (*category == Category::Insight) == self.is_insight,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<Sample>),
    Settle,
    Reopen,
}

fn sample() -> impl Strategy<Value = Sample> {
    let resources = proptest::collection::vec(0u8..5, 0..3);
    let fields = (0u8..3, 0u16..400, 0u16..50, 0u8..4, 0u8..6, proptest::bool::weighted(0.2), resources);
    fields.prop_map(|(account, number, minute, user, name, is_insight, resources)| Sample {
        account,
        number,
        minute,
        user,
        name,
        is_insight,
        resources,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(sample(), 1..60).prop_map(Step::Put),
        2 => Just(Step::Settle),
        1 => Just(Step::Reopen),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (0u8..5).prop_map(|n| Condition::Is(Attribute::User, format!("user-{n}"))),
        (0u8..7).prop_map(|n| Condition::Is(Attribute::EventName, format!("Call{n}"))),
        (0u8..6).prop_map(|n| Condition::Is(Attribute::ResourceName, format!("res-{n}"))),
        (0u16..400).prop_map(|n| Condition::Is(Attribute::EventId, format!("id-{n}"))),
        (0u16..400).prop_map(|n| Condition::Text(format!("req-{n}-X"))),
        (0u8..5, 0u8..6, 0u16..400).prop_map(|(user, resource, number)| Condition::AnyOf(vec![
            (Attribute::User, format!("user-{user}")),
            (Attribute::ResourceName, format!("res-{resource}")),
            (Attribute::EventId, format!("id-{number}")),
        ])),
        prop::sample::select(&[Category::Insight, Category::Management][..]).prop_map(Condition::Category),
    ]
}

fn question() -> impl Strategy<Value = (u8, Vec<Condition>, u16, u16, bool, usize)> {
    let conditions = proptest::collection::vec(condition(), 0..3);
    (0u8..4, conditions, 0u16..50, 0u16..50, any::<bool>(), 1usize..30)
}

/// What a list gives: every page until the last.
fn expected(stored: &[(Seq, Sample)], lookup: &Lookup) -> Vec<(Position, String)> {
    let mut events: Vec<(Position, String)> = stored
        .iter()
        .filter(|(_, sample)| id(&sample.account()) == lookup.account)
        .filter(|(_, sample)| (lookup.from..=lookup.through).contains(&sample.time()))
        .filter(|(_, sample)| lookup.conditions.iter().all(|condition| sample.has(condition)))
        .map(|(seq, sample)| (Position { time: sample.time(), seq: *seq }, sample.json()))
        .collect();
    events.sort();
    if lookup.newest_first {
        events.reverse();
    }
    events
}

async fn run(steps: Vec<Step>, questions: Vec<(u8, Vec<Condition>, u16, u16, bool, usize)>) {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let mut node = Node::open(data.path(), &catalog, small()).await;
    let mut stored: Vec<(Seq, Sample)> = Vec::new();
    for step in steps {
        match step {
            Step::Put(samples) => {
                let entries = samples.iter().map(|sample| entry(&sample.account(), &sample.json())).collect();
                let outcomes = node.put(entries).await;
                for (sample, outcome) in samples.into_iter().zip(outcomes) {
                    let known = stored.iter().any(|(_, s)| (s.account, s.number) == (sample.account, sample.number));
                    match outcome {
                        journal::Outcome::Duplicate => assert!(known, "{sample:?} is new"),
                        journal::Outcome::Stored(seq) => {
                            assert!(!known, "{sample:?} was stored twice");
                            stored.push((seq, sample));
                        }
                    }
                }
            }
            Step::Settle => node.settle().await,
            Step::Reopen => {
                node.close().await;
                node = Node::open(data.path(), &catalog, small()).await;
            }
        }
    }
    for (account, conditions, from, minutes, newest_first, limit) in questions {
        let from = Timestamp(1_768_000_000_000 + i64::from(from) * 60_000);
        let through = Timestamp(from.0 + i64::from(minutes) * 60_000);
        let account = id(&format!("100{account}"));
        let mut lookup = Lookup { account, from, through, conditions, newest_first, after: None, limit };
        let expected = expected(&stored, &lookup);
        for (index, page_expected) in expected.chunks(limit).enumerate() {
            let page = node.lookup(&lookup);
            let got: Vec<(Position, String)> = page
                .events
                .iter()
                .map(|found| (found.position(), String::from_utf8(found.event.raw().to_vec()).unwrap()))
                .collect();
            assert_eq!(got, page_expected, "{lookup:?}");
            assert_eq!(page.more, (index + 1) * limit < expected.len(), "{lookup:?}");
            lookup.after = page.events.last().map(store::Found::position);
        }
        let last = node.lookup(&lookup);
        assert!(last.events.is_empty() && !last.more, "{lookup:?}");
    }
    check_reading_by_number(&node, &stored);
    node.close().await;
}

/// Every account's events in the order of their numbers, however small the pieces.
fn check_reading_by_number(node: &Node, stored: &[(Seq, Sample)]) {
    let head = node.writer.head();
    for account in 0u8..4 {
        let expected: Vec<Seq> = stored.iter().filter(|(_, s)| s.account == account).map(|(seq, _)| *seq).collect();
        let mut after = Seq::ZERO;
        let mut got = Vec::new();
        while after < head {
            let stretch = node.store.read_after(id(&format!("100{account}")), after, head, 2000).unwrap();
            assert!(stretch.through > after, "it makes progress");
            got.extend(stretch.events.iter().map(|found| found.seq));
            after = stretch.through;
        }
        assert_eq!(got, expected);
    }
    let some: Vec<_> = [1, 3, 2].map(|account| id(&format!("100{account}"))).into();
    let expected: Vec<_> =
        stored.iter().filter(|(_, s)| s.account != 0).map(|(seq, s)| (*seq, id(&s.account()))).collect();
    let (mut after, mut got) = (Seq::ZERO, Vec::new());
    while after < head {
        let stretch = node.store.read_accounts_after(&some, after, head, 2000).unwrap();
        assert!(stretch.through > after, "it makes progress");
        got.extend(stretch.events.iter().map(|owned| (owned.found.seq, owned.account)));
        after = stretch.through;
    }
    assert_eq!(got, expected, "of several accounts");
    check_showing_recent(node, stored);
}

/// All that is in memory is shown in order, and what is not is not passed over in silence.
fn check_showing_recent(node: &Node, stored: &[(Seq, Sample)]) {
    let head = node.writer.head();
    let in_memory = node.store.statistics().recent_events as u64;
    for after in 0..=head.0 {
        let mut shown = Vec::new();
        let all = node.store.show_recent(Seq(after), head, &mut |account, seq, event| {
            shown.push((seq, account, event.id().to_owned()));
        });
        assert_eq!(all, head.0 - after <= in_memory, "after {after} of {head}, {in_memory} in memory");
        let sample = |(seq, s): &(Seq, Sample)| (*seq, id(&s.account()), format!("id-{}", s.number));
        let expected: Vec<_> = stored.iter().filter(|(seq, _)| all && seq.0 > after).map(sample).collect();
        assert_eq!(shown, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn answers_are_those_of_a_list(
        steps in proptest::collection::vec(step(), 1..14),
        questions in proptest::collection::vec(question(), 20),
    ) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
            .block_on(run(steps, questions));
    }
}
