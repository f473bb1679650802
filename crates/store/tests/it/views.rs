//! Pages, counts, scans, combinations and pulling over views are those of a plain list, whatever the view, the search,
//! the window and the place the events are in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::types::{Int64Type, TimestampMillisecondType, UInt64Type};
use arrow_array::{Array, RecordBatch, cast::AsArray};
use catalog::Catalog;
use journal::Outcome;
use model::logstore::{Part, View};
use model::trail::{EventRw, Selector, TrailRegions};
use model::{AccountId, Event, Seq, Timestamp};
use proptest::prelude::*;
use query::extract::{Paths, Value};
use query::search::{Bound, Test, Word, Words};
use query::{Column, Cut, FieldPath, Limits, Meter, Order, Scope, Search};
use store::{Position, StoreError};

use crate::node::{Node, entry, id, small};

const START: i64 = 1_768_000_000_000;

fn json() -> impl Strategy<Value = String> {
    let member = |values: &'static [&'static str]| prop::sample::select(values);
    (
        (0u16..300, 0u16..100),
        member(&[
            "",
            r#","eventName":"Put""#,
            r#","eventName":"get-It""#,
            r#","eventName":"""#,
            r#","EventName":"Put""#,
            r#","eventName":7"#,
            r#","eventName":null"#,
            r#","eventName":"Put","eventName":"Two words""#,
        ]),
        member(&["", r#","eventRW":"Read""#, r#","eventRW":"Write""#]),
        member(&["", r#","eventCategory":"Data""#, r#","eventType":"ActionTrailInsight""#, r#","acsRegion":"cn-a""#]),
        member(&[
            "",
            r#","userIdentity":{"userName":"alice","type":"ram-user","accountId":"77"},"recipientAccountId":"1001""#,
            r#","userIdentity":{"userName":"Bob","accountId":5}"#,
            r#","userIdentity":{"UserName":"alice"}"#,
            r#","userIdentity":"{\"userName\":\"alice\"}""#,
        ]),
        member(&["", r#","errorCode":"NoPermission.x""#, r#","errorCode":"404""#, r#","errorCode":"null""#]),
        member(&[
            "",
            r#","requestParameterJson":"{\"Foo\":\"a\\nbar b\",\"n\":5}""#,
            r#","requestParameters":{"Foo":"put","size":12.5}"#,
            r#","note":"alice and Put""#,
        ]),
    )
        .prop_map(|((number, minute), name, rw, kind, user, error, more)| {
            let time = Timestamp(START + i64::from(minute) * 60_000);
            format!(r#"{{"eventId":"id-{number}","eventTime":"{time}"{name}{rw}{kind}{user}{error}{more}}}"#)
        })
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<(u8, String)>),
    Settle,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec((0u8..3, json()), 1..80).prop_map(Step::Put),
        2 => Just(Step::Settle),
        1 => Just(Step::Reopen),
    ]
}

fn words() -> impl Strategy<Value = Words> {
    let exact = prop::sample::select(
        &["put", "note", "alice", "bob", "bar", "foo", "username", "404", "two", "nothing", "null"][..],
    )
    .prop_map(|word| Word::Exact(word.to_owned()));
    let like = prop::sample::select(&[("a", "a*"), ("nop", "nop*.x"), ("p", "p?t")][..])
        .prop_map(|(prefix, pattern)| Word::Like { prefix: prefix.to_owned(), pattern: pattern.to_owned() });
    let word = prop_oneof![4 => exact, 1 => like];
    (prop::collection::vec(word, 1..3), any::<bool>()).prop_map(|(words, in_order)| Words { words, in_order })
}

const PATHS: [&str; 11] = [
    "userIdentity.accountId",
    "recipientAccountId",
    "eventName",
    "eventname",
    "userIdentity.userName",
    "userIdentity.type",
    "errorCode",
    "requestParameterJson.Foo",
    "requestParameters.size",
    "eventRW",
    "userIdentity",
];

fn path() -> impl Strategy<Value = FieldPath> {
    prop::sample::select(&PATHS[..]).prop_map(|path| FieldPath::parse(path).unwrap())
}

fn search() -> impl Strategy<Value = Search> {
    let bound = || {
        prop::option::of(
            (0u8..20, any::<bool>()).prop_map(|(n, is_included)| Bound { number: f64::from(n), is_included }),
        )
    };
    let test = prop_oneof![
        3 => words().prop_map(Test::Has),
        1 => Just(Test::Exists),
        1 => Just(Test::Empty),
        1 => Just(Test::Null),
        1 => (bound(), bound()).prop_map(|(low, high)| Test::Within { low, high }),
    ];
    let leaf = prop_oneof![
        1 => Just(Search::All),
        3 => words().prop_map(Search::Anywhere),
        5 => (path(), test).prop_map(|(path, test)| Search::Field(path, test)),
        1 => words().prop_map(Search::Topic),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Search::And),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Search::Or),
            inner.prop_map(|search| Search::Not(Box::new(search))),
        ]
    })
}

fn part() -> impl Strategy<Value = Part> {
    let selector = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Selector::management(EventRw::Write, TrailRegions::All))),
        1 => Just(Some(Selector::management(EventRw::Read, TrailRegions::parse("cn-a").unwrap()))),
    ];
    let times = prop::option::of((0u16..100, 0u16..60));
    (0u8..3, 0u64..200, prop::option::of(0u64..300), selector, times).prop_map(
        |(account, after, length, selector, times)| {
            let through = length.map(|length| Seq(after + length));
            let mut part = Part::new(id(&format!("100{account}")), Seq(after), through, selector.map(Arc::new));
            if let Some((from, minutes)) = times {
                part.from = Timestamp(START + i64::from(from) * 60_000);
                part.before = Timestamp(part.from.0 + i64::from(minutes) * 60_000);
            }
            part
        },
    )
}

#[derive(Debug, Clone)]
struct Question {
    scope: Scope,
    order: Order,
    offset: usize,
    limit: usize,
    columns: Vec<Column>,
    groups: Vec<Column>,
    bucket: Option<u64>,
    partitions: usize,
}

fn question() -> impl Strategy<Value = Question> {
    let view = (prop::collection::vec(part(), 1..4), prop::option::of(0u16..100)).prop_map(|(parts, not_before)| {
        let mut view = View::new(parts);
        view.not_before = not_before.map_or(Timestamp::MIN, |minute| Timestamp(START + i64::from(minute) * 60_000));
        Arc::new(view)
    });
    let column = prop_oneof![
        1 => prop::sample::select(vec![Column::Seconds, Column::Time, Column::Received, Column::Seq, Column::Account, Column::Raw]),
        2 => path().prop_map(Column::Field),
    ];
    let group = prop_oneof![1 => Just(Column::Account), 5 => path().prop_map(Column::Field)];
    (
        (view, search(), 0u16..100, 0u16..100),
        (any::<bool>(), 0usize..20, 1usize..30),
        prop::collection::vec(column, 0..4),
        prop::collection::vec(group, 0..4),
        prop::option::of(1u64..40),
        1usize..3,
    )
        .prop_map(
            |((view, search, from, minutes), (is_newest, offset, limit), columns, groups, bucket, partitions)| {
                let from = Timestamp(START + i64::from(from) * 60_000);
                let before = Timestamp(from.0 + i64::from(minutes) * 60_000);
                let order = if is_newest { Order::NewestFirst } else { Order::OldestFirst };
                Question {
                    scope: Scope { view, from, before, search },
                    order,
                    offset,
                    limit,
                    columns,
                    groups,
                    bucket,
                    partitions,
                }
            },
        )
}

struct Stored {
    seq: Seq,
    account: AccountId,
    event: Event,
}

fn meter() -> Arc<Meter> {
    let limits =
        Limits { time: Duration::from_secs(60), rows: 1_000_000, scanned_bytes: u64::MAX, memory_bytes: 1 << 30 };
    Arc::new(Meter::new(limits))
}

fn text_at(path: &FieldPath, raw: &[u8]) -> Option<String> {
    let value = Paths::new([path]).values(raw).pop().unwrap();
    value.and_then(Value::into_text).map(|text| text.into_owned())
}

impl Question {
    fn answers<'s>(&self, stored: &'s [Stored]) -> Vec<&'s Stored> {
        let Scope { view, from, before, search } = &self.scope;
        let is_in = |one: &&Stored| {
            (*from..*before).contains(&one.event.time())
                && view.shows(one.account, one.seq, &one.event)
                && search.holds(one.event.raw())
        };
        let mut answers: Vec<&Stored> = stored.iter().filter(is_in).collect();
        answers.sort_by_key(|one| (one.event.time(), one.seq));
        answers
    }

    fn check(&self, node: &Node, stored: &[Stored]) {
        let answers = self.answers(stored);
        self.check_pages(node, &answers);
        self.check_count(node, &answers);
        self.check_scan(node, &answers);
        self.check_combinations(node, &answers);
        self.check_pull(node, stored);
        self.check_limits(node, &answers);
    }

    /// A page that is cut short says how far it came, and the next one goes on there; half a table is none.
    fn check_limits(&self, node: &Node, answers: &[&Stored]) {
        let mut expected: Vec<Seq> = answers.iter().map(|one| one.seq).collect();
        if self.order == Order::NewestFirst {
            expected.reverse();
        }
        let (mut got, mut after, mut scanned_bytes) = (Vec::new(), None, 200);
        loop {
            let meter = Meter::new(Limits { scanned_bytes, ..*meter().limits() });
            let page = node.store.search(&self.scope, self.order, after, 0, 1000, &meter).unwrap();
            got.extend(page.events.iter().map(|owned| owned.found.seq));
            if page.cut.is_none() {
                break;
            }
            assert!(page.more);
            if page.reached.is_none() || page.reached == after {
                assert!(page.events.is_empty(), "it came further than it says");
                scanned_bytes *= 2;
            }
            after = page.reached.or(after);
        }
        assert_eq!(got, expected, "{self:?}");
        let cancelled = meter();
        cancelled.cancel();
        let counted = node.store.count(&self.scope, None, self.scope.from, &cancelled).unwrap();
        assert!(counted.total == 0 || counted.cut == Some(Cut::Cancelled));
        let mut scans = node.store.scan(&self.scope, &[Column::Seq], cancelled.clone(), 1);
        scans.extend(node.store.combinations(&self.scope, &[Column::Account], None, cancelled, 1));
        for scan in scans {
            let batches: Vec<_> = scan.collect();
            let is_cut = matches!(batches.last(), Some(Err(StoreError::Cut(Cut::Cancelled))));
            assert!(is_cut || (answers.is_empty() && batches.is_empty()), "{self:?}");
        }
    }

    fn check_pages(&self, node: &Node, answers: &[&Stored]) {
        let mut expected: Vec<(AccountId, Seq)> = answers.iter().map(|one| (one.account, one.seq)).collect();
        if self.order == Order::NewestFirst {
            expected.reverse();
        }
        let page = |after, offset, limit| {
            let page = node.store.search(&self.scope, self.order, after, offset, limit, &meter()).unwrap();
            assert_eq!(page.cut, None);
            let last = page.events.last().map(|owned| owned.found.position());
            (page.events.iter().map(|owned| (owned.account, owned.found.seq)).collect::<Vec<_>>(), page.more, last)
        };
        let (mut got, mut after): (Vec<_>, Option<Position>) = (Vec::new(), None);
        loop {
            let (events, more, last) = page(after, 0, self.limit);
            got.extend(events);
            after = last;
            assert_eq!(more, got.len() < expected.len(), "{self:?}");
            if !more {
                break;
            }
        }
        assert_eq!(got, expected, "{self:?}");
        let (events, more, _) = page(None, self.offset, self.limit);
        let expected_events: Vec<_> = expected.iter().skip(self.offset).take(self.limit).copied().collect();
        assert_eq!((events, more), (expected_events, expected.len() > self.offset + self.limit), "{self:?}");
    }

    fn check_count(&self, node: &Node, answers: &[&Stored]) {
        let mut expected: BTreeMap<Timestamp, u64> = BTreeMap::new();
        let length = self.bucket.map(|minutes| Duration::from_secs(minutes * 60));
        if let Some(length) = length {
            let length = length.as_millis() as i64;
            for one in answers {
                let since = (one.event.time().0 - self.scope.from.0).div_euclid(length);
                *expected.entry(Timestamp(self.scope.from.0 + since * length)).or_default() += 1;
            }
        }
        let counted = node.store.count(&self.scope, length, self.scope.from, &meter()).unwrap();
        assert_eq!((counted.total, counted.cut), (answers.len() as u64, None), "{self:?}");
        assert_eq!(counted.buckets, expected.into_iter().collect::<Vec<_>>(), "{self:?}");
    }

    fn check_scan(&self, node: &Node, answers: &[&Stored]) {
        let mut columns = self.columns.clone();
        columns.push(Column::Seq);
        let mut got: Vec<(u64, Vec<String>)> = Vec::new();
        for scan in node.store.scan(&self.scope, &columns, meter(), self.partitions) {
            for batch in scan {
                let batch = batch.unwrap();
                assert_eq!(batch.schema(), store::scan_schema(&columns));
                let seqs = batch.column(columns.len() - 1).as_primitive::<UInt64Type>().clone();
                for row in 0..batch.num_rows() {
                    got.push((
                        seqs.value(row),
                        columns.iter().enumerate().map(|(at, _)| shown(&batch, at, row)).collect(),
                    ));
                }
            }
        }
        got.sort();
        let text = |one: &Stored, column: &Column| match column {
            Column::Seconds => one.event.time().0.div_euclid(1000).to_string(),
            Column::Time => one.event.time().0.to_string(),
            Column::Received => "received".to_owned(),
            Column::Seq => one.seq.0.to_string(),
            Column::Account => one.account.to_string(),
            Column::Raw => String::from_utf8(one.event.raw().to_vec()).unwrap(),
            Column::Field(path) => text_at(path, one.event.raw()).unwrap_or("NULL".to_owned()),
        };
        let texts = |one: &&Stored| (one.seq.0, columns.iter().map(|column| text(one, column)).collect());
        let mut expected: Vec<(u64, Vec<String>)> = answers.iter().map(texts).collect();
        expected.sort();
        for (at, column) in columns.iter().enumerate() {
            if *column == Column::Received {
                got.iter_mut().for_each(|(_, texts)| texts[at] = "received".to_owned());
            }
        }
        assert_eq!(got, expected, "{self:?}");
    }

    fn check_combinations(&self, node: &Node, answers: &[&Stored]) {
        let bucket = self.bucket.map(|minutes| Duration::from_secs(minutes * 60));
        let mut got: BTreeMap<Vec<String>, (i64, i64, i64)> = BTreeMap::new();
        for scan in node.store.combinations(&self.scope, &self.groups, bucket, meter(), self.partitions) {
            for batch in scan {
                let batch = batch.unwrap();
                assert_eq!(batch.schema(), store::combinations_schema(&self.groups, bucket.is_some()));
                let keys = self.groups.len() + usize::from(bucket.is_some());
                let number = |at: usize, row| batch.column(keys + at).as_primitive::<Int64Type>().value(row);
                for row in 0..batch.num_rows() {
                    let key = (0..keys).map(|at| shown(&batch, at, row)).collect();
                    let group = got.entry(key).or_insert((0, i64::MAX, i64::MIN));
                    assert!(number(0, row) > 0);
                    *group = (group.0 + number(0, row), group.1.min(number(1, row)), group.2.max(number(2, row)));
                }
            }
        }
        let mut expected: BTreeMap<Vec<String>, (i64, i64, i64)> = BTreeMap::new();
        for one in answers {
            let mut key: Vec<String> = Vec::new();
            for column in &self.groups {
                key.push(match column {
                    Column::Field(path) => text_at(path, one.event.raw()).unwrap_or("NULL".to_owned()),
                    _ => one.account.to_string(),
                });
            }
            let seconds = one.event.time().0.div_euclid(1000);
            key.extend(bucket.map(|length| {
                let length = length.as_secs() as i64;
                (seconds.div_euclid(length) * length).to_string()
            }));
            let group = expected.entry(key).or_insert((0, i64::MAX, i64::MIN));
            *group = (group.0 + 1, group.1.min(seconds), group.2.max(seconds));
        }
        assert_eq!(got, expected, "{self:?}");
    }

    fn check_pull(&self, node: &Node, stored: &[Stored]) {
        let view = &self.scope.view;
        let is_shown = |one: &&Stored| view.shows(one.account, one.seq, &one.event);
        let expected: Vec<_> = stored.iter().filter(is_shown).map(|one| (one.seq, one.account)).collect();
        let (head, mut after, mut got) = (node.writer.head(), Seq::ZERO, Vec::new());
        while after < head {
            let stretch = node.store.read_view_after(view, after, head, 1500).unwrap();
            assert!(stretch.through > after, "it makes progress");
            got.extend(stretch.events.iter().map(|owned| (owned.found.seq, owned.account)));
            after = stretch.through;
        }
        assert_eq!(got, expected, "{self:?}");
    }
}

/// Where a moment of receipt lies among the numbers.
fn check_receipt(node: &Node, stored: &[Stored]) {
    let accounts = ["1000", "1001", "1002"].map(|account| Part::new(id(account), Seq::ZERO, None, None));
    let head = node.writer.head();
    let all = node.store.read_view_after(&View::new(accounts.into()), Seq::ZERO, head, usize::MAX).unwrap();
    assert_eq!(all.events.len(), stored.len());
    let received: Vec<(Timestamp, Seq)> =
        all.events.iter().map(|owned| (owned.found.received, owned.found.seq)).collect();
    let moments = received.iter().step_by(37).map(|(at, _)| *at).chain([Timestamp::MIN, Timestamp::MAX]);
    for moment in moments.flat_map(|at| [at, Timestamp(at.0 + 1)]) {
        let first = received.iter().find(|(at, _)| *at >= moment).map_or(head.next(), |(_, seq)| *seq);
        assert_eq!(node.store.seq_received_at(moment), first, "{moment:?}");
    }
}

fn shown(batch: &RecordBatch, at: usize, row: usize) -> String {
    let array = batch.column(at);
    if array.is_null(row) {
        return "NULL".to_owned();
    }
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    number(array.as_primitive_opt::<Int64Type>().map(|array| array.value(row)))
        .or_else(|| number(array.as_primitive_opt::<TimestampMillisecondType>().map(|array| array.value(row))))
        .or_else(|| array.as_primitive_opt::<UInt64Type>().map(|array| array.value(row).to_string()))
        .unwrap_or_else(|| array.as_string_view().value(row).to_owned())
}

async fn run(steps: Vec<Step>, questions: Vec<Question>) {
    let data = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let mut node = Node::open(data.path(), &catalog, small()).await;
    let mut stored: Vec<Stored> = Vec::new();
    for step in steps {
        match step {
            Step::Put(events) => {
                let entries: Vec<_> =
                    events.iter().map(|(account, json)| entry(&format!("100{account}"), json)).collect();
                let outcomes = node.put(entries.clone()).await;
                for (entry, outcome) in entries.into_iter().zip(outcomes) {
                    if let Outcome::Stored(seq) = outcome {
                        stored.push(Stored { seq, account: entry.account, event: entry.event });
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
    check_receipt(&node, &stored);
    for question in &questions {
        question.check(&node, &stored);
    }
    node.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn answers_over_views_are_those_of_a_list(
        steps in prop::collection::vec(step(), 1..10),
        questions in prop::collection::vec(question(), 30),
    ) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
            .block_on(run(steps, questions));
    }
}
