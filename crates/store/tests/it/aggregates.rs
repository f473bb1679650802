//! Counts by group are those of a plain list, wherever the events are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use catalog::Catalog;
use model::event::Category;
use model::{Attribute, Seq, Timestamp};
use proptest::prelude::*;
use store::{Aggregation, Condition};

use crate::node::{Node, entry, everything, id, small};

#[derive(Debug, Clone)]
struct Sample {
    minute: u16,
    user: Option<u8>,
    service: u8,
    category: u8,
    resources: Vec<u8>,
}

impl Sample {
    fn time(&self) -> Timestamp {
        Timestamp(1_768_000_000_000 + i64::from(self.minute) * 60_000)
    }

    fn json(&self, number: usize) -> String {
        let resources: Vec<String> = self.resources.iter().map(|n| format!("\"res-{n}\"")).collect();
        let user = self.user.map(|user| format!(r#","userIdentity":{{"userName":"user-{user}","accountId":"7"}}"#));
        let category = match self.category {
            0 => r#","eventCategory":"Insight""#,
            1 => r#","eventType":"ActionTrailInsight""#,
            2 => r#","eventCategory":"Management""#,
            _ => "",
        };
        format!(
            r#"{{"eventId":"id-{number}","eventTime":"{}","serviceName":"S{}"{}{category},"referencedResources":{{"T":[{}]}}}}"#,
            self.time(),
            self.service,
            user.unwrap_or_default(),
            resources.join(",")
        )
    }

    fn values(&self, attribute: Attribute) -> Vec<Option<String>> {
        let some = |value: Option<String>| vec![value];
        match attribute {
            Attribute::User => some(self.user.map(|user| format!("user-{user}"))),
            Attribute::ServiceName => some(Some(format!("S{}", self.service))),
            Attribute::IdentityAccountId => some(self.user.map(|_| "7".to_owned())),
            Attribute::ResourceName => {
                let mut names: Vec<u8> = Vec::new();
                self.resources.iter().for_each(|name| {
                    if !names.contains(name) {
                        names.push(*name);
                    }
                });
                let names: Vec<Option<String>> = names.iter().map(|n| Some(format!("res-{n}"))).collect();
                if names.is_empty() { vec![None] } else { names }
            }
            other => panic!("no samples of {other:?}"),
        }
    }

    fn holds(&self, condition: &Condition) -> bool {
        let has = |attribute: Attribute, value: &String| self.values(attribute).contains(&Some(value.clone()));
        match condition {
            Condition::Is(attribute, value) => has(*attribute, value),
            Condition::AnyOf(pairs) => pairs.iter().any(|(attribute, value)| has(*attribute, value)),
            Condition::Category(category) => (self.category < 2) == (*category == Category::Insight),
            Condition::Text(text) => self.json(0).contains(text.as_str()),
        }
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    let fields = (0u16..200, proptest::option::of(0u8..4), 0u8..5, 0u8..12, proptest::collection::vec(0u8..6, 0..3));
    fields.prop_map(|(minute, user, service, category, resources)| Sample {
        minute,
        user,
        service,
        category,
        resources,
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (0u8..5).prop_map(|n| Condition::Is(Attribute::User, format!("user-{n}"))),
        (0u8..6).prop_map(|n| Condition::Is(Attribute::ServiceName, format!("S{n}"))),
        (0u8..7).prop_map(|n| Condition::Is(Attribute::ResourceName, format!("res-{n}"))),
        Just(Condition::Is(Attribute::IdentityAccountId, "7".to_owned())),
        Just(Condition::Category(Category::Management)),
        Just(Condition::Category(Category::Insight)),
        Just(Condition::Text("res-3".to_owned())),
        (0u8..5, 0u8..6).prop_map(|(user, service)| Condition::AnyOf(vec![
            (Attribute::User, format!("user-{user}")),
            (Attribute::ServiceName, format!("S{service}")),
        ])),
    ]
}

fn by() -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = prop_oneof![
        Just(Attribute::User),
        Just(Attribute::ServiceName),
        Just(Attribute::ResourceName),
        Just(Attribute::IdentityAccountId),
    ];
    proptest::collection::vec(attribute, 0..3)
}

type Question = (Vec<Condition>, Vec<Attribute>, Option<u16>, u16, u16);

fn question() -> impl Strategy<Value = Question> {
    (proptest::collection::vec(condition(), 0..3), by(), proptest::option::of(1u16..90), 0u16..200, 0u16..200)
}

type Counted = BTreeMap<(Vec<Option<String>>, Option<i64>), (u64, Timestamp, Timestamp)>;

fn expected(stored: &[(Seq, Sample)], aggregation: &Aggregation) -> (Counted, u64) {
    let (mut counted, mut events) = (Counted::new(), 0);
    for (_, sample) in stored {
        let time = sample.time();
        let wanted = (aggregation.from..=aggregation.through).contains(&time)
            && aggregation.conditions.iter().all(|condition| sample.holds(condition));
        if !wanted {
            continue;
        }
        events += 1;
        let bucket = aggregation.bucket.map(|bucket| bucket.as_millis() as i64);
        let bucket = bucket.map(|length| time.0.div_euclid(length) * length);
        let mut groups: Vec<Vec<Option<String>>> = vec![Vec::new()];
        for attribute in &aggregation.by {
            let values = sample.values(*attribute);
            let with = |group: &Vec<Option<String>>| {
                values.iter().map(|value| [group.clone(), vec![value.clone()]].concat()).collect::<Vec<_>>()
            };
            groups = groups.iter().flat_map(with).collect();
        }
        for group in groups {
            let part = counted.entry((group, bucket)).or_insert((0, time, time));
            *part = (part.0 + 1, part.1.min(time), part.2.max(time));
        }
    }
    (counted, events)
}

fn check(node: &Node, stored: &[(Seq, Sample)], question: &Question) {
    let (conditions, by, bucket, from, minutes) = question.clone();
    let from = Timestamp(1_768_000_000_000 + i64::from(from) * 60_000);
    let aggregation = Aggregation {
        account: id("1001"),
        from,
        through: Timestamp(from.0 + i64::from(minutes) * 60_000),
        conditions,
        by,
        bucket: bucket.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
        groups_max: 100_000,
    };
    let got = node.store.aggregate(&aggregation).unwrap();
    let (counted, events) = expected(stored, &aggregation);
    assert_eq!((got.events, got.left_out), (events, 0), "{aggregation:?}");
    let found: Counted = got
        .groups
        .iter()
        .map(|group| {
            let key = (group.values.clone(), group.bucket.map(|bucket| bucket.0));
            (key, (group.count, group.oldest.time, group.newest.time))
        })
        .collect();
    assert_eq!(found, counted, "{aggregation:?}");
    assert!(got.groups.is_sorted_by_key(|group| std::cmp::Reverse(group.count)));
    for group in &got.groups {
        let newest = node.store.event_at(aggregation.account, group.newest).unwrap().expect("it is there");
        assert_eq!(newest.position(), group.newest);
    }
}

async fn run(batches: Vec<(Vec<Sample>, bool)>, questions: Vec<Question>) {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    let mut stored: Vec<(Seq, Sample)> = Vec::new();
    for (samples, settle) in batches {
        let mine = samples.iter().enumerate().map(|(n, sample)| entry("1001", &sample.json(stored.len() + n)));
        let others = samples.iter().enumerate().map(|(n, sample)| entry("1002", &sample.json(stored.len() + n)));
        let outcomes = node.put(mine.collect()).await;
        node.put(others.collect()).await;
        for (sample, outcome) in samples.into_iter().zip(outcomes) {
            let journal::Outcome::Stored(seq) = outcome else { panic!("every id is new") };
            stored.push((seq, sample));
        }
        if settle {
            node.settle().await;
        }
    }
    questions.iter().for_each(|question| check(&node, &stored, question));
    node.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn counts_are_those_of_a_list(
        batches in proptest::collection::vec((proptest::collection::vec(sample(), 1..120), any::<bool>()), 1..6),
        questions in proptest::collection::vec(question(), 25),
    ) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
            .block_on(run(batches, questions));
    }
}

/// Many blocks and many values: the columns are read in chunks, some of their pages without a dictionary.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_segment_is_counted_from_its_columns_and_groups_have_an_end() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    let events = 70_000_usize;
    for first in (0..events).step_by(10_000) {
        let entries = (first..first + 10_000).map(|n| {
            let time = Timestamp(1_768_000_000_000 + n as i64 * 1000);
            let json = format!(
                r#"{{"eventId":"e{n}","eventTime":"{time}","serviceName":"S{}","eventName":"N{}","sourceIpAddress":"10.{}.{}.{}","userIdentity":{{"userName":"u{}"}}}}"#,
                n % 3,
                n % 70,
                n / 65536,
                n / 256 % 256,
                n % 256,
                n % 11,
            );
            entry("1001", &json)
        });
        node.put(entries.collect()).await;
    }
    node.settle().await;
    assert_eq!(node.store.statistics().recent_events, 0);
    let mut aggregation = Aggregation::of(id("1001"), Timestamp::MIN, Timestamp::MAX);
    aggregation.by = vec![Attribute::ServiceName, Attribute::EventName];
    let started = Instant::now();
    let counted = node.store.aggregate(&aggregation).unwrap();
    let by_columns = started.elapsed();
    assert_eq!((counted.events, counted.groups.len()), (events as u64, 210));
    assert_eq!(counted.groups.iter().map(|group| group.count).sum::<u64>(), events as u64);

    let started = Instant::now();
    let mut lookup = everything("1001", vec![], true);
    let mut read: BTreeMap<(String, String), u64> = BTreeMap::new();
    loop {
        let page = node.lookup(&lookup);
        for found in &page.events {
            let first = |attribute| found.event.first(attribute).unwrap().to_owned();
            *read.entry((first(Attribute::ServiceName), first(Attribute::EventName))).or_default() += 1;
        }
        lookup.after = page.events.last().map(store::Found::position);
        if !page.more {
            break;
        }
    }
    println!("{events} events: {by_columns:?} by columns, {:?} by reading all", started.elapsed());
    for group in &counted.groups {
        let names = (group.values[0].clone().unwrap(), group.values[1].clone().unwrap());
        assert_eq!(read[&names], group.count);
    }

    aggregation.by = vec![Attribute::SourceIpAddress];
    aggregation.conditions = vec![Condition::Is(Attribute::User, "u3".to_owned())];
    aggregation.groups_max = 100;
    let cut = node.store.aggregate(&aggregation).unwrap();
    let of_user = (events as u64 - 3).div_ceil(11);
    assert_eq!((cut.events, cut.groups.len(), cut.left_out), (of_user, 100, of_user - 100));
    aggregation.groups_max = 100_000;
    let whole = node.store.aggregate(&aggregation).unwrap();
    assert_eq!((whole.groups.len() as u64, whole.left_out), (of_user, 0));
    node.close().await;
}

/// Bytes of a column that have changed are damage, not another count.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_parquet_file_any_more_is_damage() {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let node = Node::open(data.path(), &catalog, small()).await;
    let events = (0..200).map(|n| {
        entry("1001", &format!(r#"{{"eventId":"e{n}","eventTime":"2026-01-01T00:00:00Z","serviceName":"Ecs"}}"#))
    });
    node.put(events.collect()).await;
    node.settle().await;
    let folder = data.path().join("segments");
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "parquet") {
            let length = std::fs::metadata(&file).unwrap().len() as usize;
            std::fs::write(&file, vec![0x5a; length]).unwrap();
        }
    }
    let mut aggregation = Aggregation::of(id("1001"), Timestamp::MIN, Timestamp::MAX);
    aggregation.by = vec![Attribute::ServiceName];
    let error = node.store.aggregate(&aggregation).unwrap_err();
    assert_eq!(error.kind(), model::ErrorKind::Corrupt, "{error}");
    node.close().await;
}
