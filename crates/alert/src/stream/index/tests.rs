//! The index against asking every rule, and how many it asks.

use std::collections::BTreeSet;

use model::trail::{EventRw, Selector, TrailRegions};
use proptest::prelude::*;
use query::search::{Bound, FieldPath, Test, Word, Words};

use super::*;

fn account(number: u64) -> AccountId {
    format!("10000000000000{number:02}").parse().unwrap()
}

fn event(json: &str) -> Event {
    Event::parse(json.to_owned().into_bytes().into()).unwrap()
}

fn found(index: &mut RuleIndex<u32>, of: AccountId, event: &Event) -> (BTreeSet<u32>, Tried) {
    let mut rules = Vec::new();
    let tried = index.look_at(of, Seq(5), event, &mut |rule| rules.push(*rule));
    let distinct: BTreeSet<u32> = rules.iter().copied().collect();
    assert_eq!(distinct.len(), rules.len(), "each once");
    assert_eq!(tried.rules, rules.len());
    (distinct, tried)
}

fn search(text: &str) -> Search {
    query::parse(text).unwrap().search
}

#[test]
fn rules_come_and_go() {
    let mut index = RuleIndex::default();
    let own = Arc::new(View::of_account(account(1)));
    let both = Arc::new(View::of_accounts(&[account(1), account(2)]));
    index.insert(1, &own, &search("eventName: DeleteTrail"));
    index.insert(2, &own, &search("eventName: DeleteTrail"));
    index.insert(3, &both, &search("eventName: Delete*"));
    index.insert(4, &both, &search("not eventRW: Read"));
    let event = event(r#"{"eventId":"1","eventTime":"2026-01-02T00:00:00Z","eventName":"DeleteTrail"}"#);
    let (rules, tried) = found(&mut index, account(1), &event);
    assert_eq!((rules, tried.compared), ([1, 2, 3, 4].into(), 3), "equal searches are asked once");
    assert_eq!(found(&mut index, account(2), &event).0, [3, 4].into());
    assert_eq!(found(&mut index, account(3), &event), (BTreeSet::new(), Tried::default()));
    assert!(index.remove(&1) && !index.remove(&1));
    index.insert(2, &own, &search("eventName: other"));
    assert_eq!(found(&mut index, account(1), &event).0, [3, 4].into());
    for rule in [2, 3, 4] {
        assert!(index.remove(&rule));
    }
    assert!(index.is_empty() && !index.watches(account(1)) && index.accounts().next().is_none());
    assert_eq!(found(&mut index, account(1), &event), (BTreeSet::new(), Tried::default()));
}

#[test]
fn an_event_is_compared_with_few_of_many_rules() {
    let mut index = RuleIndex::default();
    let view = Arc::new(View::of_account(account(1)));
    for rule in 0..10_000_u32 {
        let text = match rule % 5 {
            0 => format!("eventName: Call{rule} and eventRW: Write"),
            1 => format!("serviceName: Ecs and userIdentity.userName: user{rule}"),
            2 => format!("resource-{rule} and eventRW: Write"),
            3 => format!("requestParameters.InstanceId: i-{rule} and not errorCode: *"),
            // All of one user, who did none of this.
            _ => format!("userIdentity.userName: user41 and eventName: Call{rule} and eventRW: Write"),
        };
        index.insert(rule, &view, &search(&text));
    }
    let event = event(
        r#"{"eventId":"1","eventTime":"2026-01-02T00:00:00Z","eventName":"Call400","eventRW":"Write","serviceName":"Ecs",
            "userIdentity":{"userName":"user41"},"requestParameters":{"InstanceId":"i-8","x":["resource-42"]}}"#,
    );
    let (rules, tried) = found(&mut index, account(1), &event);
    assert_eq!((rules, tried.compared), ([8, 41, 42, 400].into(), 4));
}

const PATHS: [&str; 8] = ["a", "A", "b", "b.c", "B.C", "text.in", "b.c.d", "list"];
const TEXTS: [&str; 7] = ["one", "two", "one-x", "three", "null", "5", "twofold"];

fn words() -> impl Strategy<Value = Words> {
    let word = (prop::sample::select(&TEXTS[..]), 1..5_usize, 0..4).prop_map(|(text, cut, kind)| match kind {
        0 => {
            let prefix = text[..cut.min(text.len())].to_owned();
            Word::Like { pattern: format!("{prefix}*"), prefix }
        }
        _ => Word::Exact(text.to_owned()),
    });
    (prop::collection::vec(word, 0..3), any::<bool>()).prop_map(|(words, in_order)| Words { words, in_order })
}

fn any_search() -> impl Strategy<Value = Search> {
    let bound = |number, is_included| Some(Bound { number, is_included });
    let test = prop_oneof![
        Just(Test::Exists),
        Just(Test::Empty),
        Just(Test::Null),
        words().prop_map(Test::Has),
        any::<bool>().prop_map(move |is_low| Test::Within {
            low: if is_low { bound(4.0, true) } else { None },
            high: if is_low { None } else { bound(5.0, false) },
        }),
    ];
    let field = (prop::sample::select(&PATHS[..]), test)
        .prop_map(|(path, test)| Search::Field(FieldPath::parse(path).unwrap(), test));
    let topic = any::<bool>().prop_map(|is_ours| {
        let word = if is_ours { "actiontrail_audit_event" } else { "other" };
        Search::Topic(Words { words: vec![Word::Exact(word.to_owned())], in_order: false })
    });
    let leaf = prop_oneof![6 => field, 2 => words().prop_map(Search::Anywhere), 1 => Just(Search::All), 1 => topic];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Search::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Search::Or),
            inner.prop_map(|inner| Search::Not(Box::new(inner))),
        ]
    })
}

fn any_value() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(prop::sample::select(&TEXTS[..]), 0..3).prop_map(|texts| texts.join(" "));
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("5".to_owned()),
        Just("4.5".to_owned()),
        text.clone().prop_map(|text| format!("{text:?}")),
        // The same text with an escape in it.
        text.prop_map(|text| format!("\"{}\"", text.to_uppercase().replace('O', "\\u006f"))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "c", "B", "d", "c.d", "in"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec((keys, inner), 0..4).prop_map(|members| object(&members)),
        ]
    })
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn any_event() -> impl Strategy<Value = Event> {
    let keys = prop::sample::select(vec!["a", "A", "b", "B", "b.c", "list", "text", "eventName"]);
    let members = prop::collection::vec((keys, any_value(), any::<bool>()), 0..6);
    (members, any::<bool>()).prop_map(|(members, is_read)| {
        let members: Vec<(&str, String)> = members
            .into_iter()
            .map(|(key, value, is_text)| {
                let is_text = is_text || key == "text" || key == "eventName";
                (key, if is_text { serde_json::Value::String(value).to_string() } else { value })
            })
            .collect();
        let rw = if is_read { "Read" } else { "Write" };
        let head = format!(r#"{{"eventId":"1","eventTime":"2026-01-02T00:00:00Z","eventRW":"{rw}""#);
        let members = object(&members);
        let comma = if members.len() > 2 { "," } else { "" };
        event(&format!("{head}{comma}{}", &members[1..]))
    })
}

fn views() -> Vec<Arc<View>> {
    let reads = Arc::new(Selector::management(EventRw::Read, TrailRegions::All));
    let part = |number, through: Option<u64>, selector| {
        model::logstore::Part::new(account(number), Seq(2), through.map(Seq), selector)
    };
    let views = [
        View::of_account(account(1)),
        View::of_accounts(&[account(1), account(2)]),
        View::new(vec![part(1, None, Some(reads)), part(2, None, None)]),
        View::new(vec![part(1, Some(4), None), part(2, Some(5), None)]),
        View::new(Vec::new()),
    ];
    views.into_iter().map(Arc::new).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Whatever was added and removed, an event is for the same rules as if each had been asked.
    #[test]
    fn the_same_as_asking_every_rule(
        rules in prop::collection::vec((0..12_u32, 0..5_usize, any_search(), 0..4), 1..24),
        events in prop::collection::vec((any_event(), 1..3_u64), 1..6),
    ) {
        let views = views();
        let mut index = RuleIndex::default();
        let mut plain: HashMap<u32, (Arc<View>, Search)> = HashMap::new();
        for (rule, view, search, step) in rules {
            if step == 0 {
                assert_eq!(index.remove(&rule), plain.remove(&rule).is_some());
            } else {
                index.insert(rule, &views[view], &search);
                plain.insert(rule, (views[view].clone(), search));
            }
            for (event, of) in &events {
                let shows = |view: &View| view.shows(account(*of), Seq(5), event);
                let expected: BTreeSet<u32> = plain
                    .iter()
                    .filter(|(_, (view, search))| shows(view) && search.holds(event.raw()))
                    .map(|(rule, _)| *rule)
                    .collect();
                let (rules, tried) = found(&mut index, account(*of), event);
                assert_eq!(rules, expected, "{}", String::from_utf8_lossy(event.raw()));
                assert!(tried.compared <= plain.len());
            }
            assert_eq!(index.len(), plain.len());
        }
    }
}
