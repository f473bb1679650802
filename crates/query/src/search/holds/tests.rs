//! Each condition on one event, told by hand.

use super::*;
use crate::search::Word;

const EVENT: &str = r#"{"eventId":"1","eventName":"DescribeInstances","errorCode":"NoPermission.Sub","errorMessage":"",
    "nothing":null,"size":42,"ratio":"1.5","word":"null",
    "userIdentity":{"type":"ram-user","userName":"Al\u0069ce"},"resourceType":"ACS::ECS::Disk;ACS::ECS::Instance",
    "list":["one two",{"Inner Key":"three"}],"requestParameterJson":"{\"Foo\":{\"Bar\":\"off\"}}"}"#;

fn words(text: &str, in_order: bool) -> Words {
    let word = |text: &str| match text.split_once('*') {
        Some((prefix, _)) => Word::Like { prefix: prefix.to_owned(), pattern: text.to_owned() },
        None => Word::Exact(text.to_owned()),
    };
    Words { words: text.split(' ').map(word).collect(), in_order }
}

fn field(path: &str, test: Test) -> Search {
    Search::Field(FieldPath::parse(path).unwrap(), test)
}

fn has(path: &str, text: &str) -> Search {
    field(path, Test::Has(words(text, false)))
}

fn within(path: &str, low: f64, high: f64, is_included: bool) -> Search {
    let bound = |number| Some(Bound { number, is_included });
    field(path, Test::Within { low: bound(low), high: bound(high) })
}

#[test]
fn conditions_on_values() {
    for (search, expected) in [
        (has("eventName", "describeinstances"), true),
        (has("EVENTNAME", "describe"), false),
        (has("eventName", "describe*"), true),
        (has("errorCode", "nopermission.*"), true),
        (has("userIdentity.userName", "alice"), true),
        (has("resourceType", "instance acs"), true),
        (has("resourceType", "instance rds"), false),
        (field("resourceType", Test::Has(words("ecs disk acs", true))), true),
        (field("resourceType", Test::Has(words("disk ecs", true))), false),
        (has("list", "three"), true),
        (has("list", "inner"), true),
        (has("requestParameterJson.Foo.bar", "off"), true),
        (has("requestParameterJson", "foo"), true),
        (field("errorCode", Test::Exists), true),
        (field("errorMessage", Test::Exists), false),
        (field("nothing", Test::Exists), false),
        (field("absent", Test::Exists), false),
        (field("list", Test::Exists), true),
        (field("errorMessage", Test::Empty), true),
        (field("absent", Test::Empty), false),
        (field("nothing", Test::Null), true),
        (field("word", Test::Null), true),
        (field("absent", Test::Null), false),
        (within("size", 42.0, 50.0, true), true),
        (within("size", 42.0, 50.0, false), false),
        (within("ratio", 1.0, 2.0, false), true),
        (within("eventName", f64::MIN, f64::MAX, true), false),
        (within("list", f64::MIN, f64::MAX, true), false),
    ] {
        assert_eq!(search.holds(EVENT.as_bytes()), expected, "{search:?}");
        assert_eq!(Search::Not(Box::new(search.clone())).holds(EVENT.as_bytes()), !expected, "not {search:?}");
    }
}

#[test]
fn words_anywhere() {
    for (text, in_order, expected) in [
        ("describeinstances", false, true),
        ("eventname", false, true),
        ("alice off", false, true),
        ("alice absent", false, false),
        ("inner key", true, true),
        ("key three", true, false),
        ("key three", false, true),
        ("descr*", false, true),
        ("42", false, true),
        ("true", false, false),
        ("null", false, true),
    ] {
        assert_eq!(Search::Anywhere(words(text, in_order)).holds(EVENT.as_bytes()), expected, "{text}");
    }
}

#[test]
fn both_topics_are_every_events() {
    for (text, expected) in
        [("actiontrail_audit_event", true), ("actiontrail_event", true), ("other", false), ("action*", true)]
    {
        assert_eq!(Search::Topic(words(text, false)).holds(EVENT.as_bytes()), expected, "{text}");
    }
}

#[test]
fn trees() {
    let (yes, no) = (|| has("eventName", "describeinstances"), || has("eventName", "other"));
    for (search, expected) in [
        (Search::And(vec![yes(), yes()]), true),
        (Search::And(vec![yes(), no()]), false),
        (Search::Or(vec![no(), yes()]), true),
        (Search::Or(vec![no(), no()]), false),
        (Search::And(vec![]), true),
        (Search::Or(vec![]), false),
        (Search::And(vec![Search::All, Search::Not(Box::new(no()))]), true),
    ] {
        assert_eq!(search.holds(EVENT.as_bytes()), expected, "{search:?}");
    }
}

proptest::proptest! {
    /// Every word of a text is found in the event that has it, as a value and as a key.
    #[test]
    fn every_word_is_found(text in "\\PC{0,40}") {
        let json = serde_json::json!({ "key": text, text.as_str(): [1] }).to_string();
        for word in crate::search::tokens::words_of(text.as_bytes()) {
            let word = Word::Exact(String::from_utf8_lossy(word).to_ascii_lowercase());
            let words = Words { words: vec![word], in_order: false };
            assert!(Search::Anywhere(words.clone()).holds(json.as_bytes()), "{words:?} in {json}");
            if !text.is_empty() && text != "key" {
                assert!(field("key", Test::Has(words.clone())).holds(json.as_bytes()), "{words:?} in {json}");
            }
        }
    }
}
