use bytes::Bytes;

use super::*;

fn parse(json: &str) -> Result<Event, Refusal> {
    Event::parse(Bytes::copy_from_slice(json.as_bytes()))
}

fn facts(json: &str) -> Vec<(Attribute, String)> {
    let event = parse(json).expect("valid");
    event.attributes().map(|(attribute, value)| (attribute, value.to_owned())).collect()
}

const MINIMAL: &str = r#"{"eventId":"e-1","eventTime":"2026-01-15T08:30:00Z"}"#;

#[test]
fn keeps_the_bytes_and_reads_the_facts() {
    let json = r#"{"eventId":"e-1","eventTime":"2026-01-15T08:30:00Z","eventVersion":1,"isGlobal":true,
        "big":123456789012345678901234567890,"EventId":"differs in case","eventName":"Create\u0054rail",
        "userIdentity":{"type":"assumed-role","userName":"admin:alice","accountId":"1234","extra":[{}]},
        "eventAttributes":{"SensitiveAction":"true"},
        "resourceType":"ACS::A::B;ACS::C::D","resourceName":"a1,a2;c1",
        "referencedResources":{"ACS::A::B":["a1","a3"],"ACS::E::F":"e1"}}"#;
    let event = parse(&format!("  {json}\n")).expect("valid");
    assert_eq!(event.raw(), json.as_bytes());
    assert!(event.is_global());
    assert_eq!(event.id(), "e-1");
    assert_eq!(event.first(Attribute::EventName), Some("CreateTrail"));
    assert_eq!(event.first(Attribute::RoleName), Some("admin"));
    assert!(event.has(Attribute::SensitiveAction, "true"));
    let all = |wanted| event.attributes().filter(|(a, _)| *a == wanted).map(|(_, v)| v).collect::<Vec<_>>();
    assert_eq!(all(Attribute::ResourceType), ["ACS::A::B", "ACS::C::D", "ACS::E::F"]);
    assert_eq!(all(Attribute::ResourceName), ["a1", "a2", "c1", "a3", "e1"]);
    assert_eq!(event.stated_account().map(|id| id.to_string()), Some("1234".into()));
}

#[test]
fn a_field_of_the_wrong_type_is_no_fact_and_no_refusal() {
    let json = r#"{"eventId":7,"eventTime":"2026-01-15T08:30:00Z","serviceName":null,"eventName":["x"],
        "userIdentity":"root","eventAttributes":[1],"referencedResources":[{"resourceType":"T","resourceName":"n"},3]}"#;
    let expected = [(Attribute::EventId, "7"), (Attribute::ResourceType, "T"), (Attribute::ResourceName, "n")];
    assert_eq!(facts(json), expected.map(|(attribute, value)| (attribute, value.to_owned())));
}

#[test]
fn of_two_equal_keys_the_last_counts_and_both_are_kept() {
    let json = r#"{"eventId":"a","eventId":"b","eventTime":"2026-01-15T08:30:00Z"}"#;
    let event = parse(json).expect("valid");
    assert_eq!((event.id(), event.raw().as_ref()), ("b", json.as_bytes()));
}

#[test]
fn each_refusal_has_its_code() {
    let cases = [
        ("", "MalformedJson"),
        ("{", "MalformedJson"),
        (r#"{"eventId":"a"} x"#, "MalformedJson"),
        ("[1]", "NotAnObject"),
        ("7", "NotAnObject"),
        (r#"{"eventTime":"2026-01-15T08:30:00Z"}"#, "MissingEventId"),
        (r#"{"eventId":"","eventTime":"2026-01-15T08:30:00Z"}"#, "MissingEventId"),
        (r#"{"eventId":"a"}"#, "MissingEventTime"),
        (r#"{"eventId":"a","eventTime":"soon"}"#, "InvalidEventTime"),
        (r#"{"eventId":"a","eventTime":1768465800}"#, "InvalidEventTime"),
    ];
    for (json, code) in cases {
        assert_eq!(parse(json).expect_err(json).code(), code, "{json}");
    }
    let long_id = format!(r#"{{"eventId":"{}","eventTime":"2026-01-15T08:30:00Z"}}"#, "x".repeat(257));
    assert_eq!(parse(&long_id).expect_err("long").code(), "EventIdTooLong");
    let large = format!(r#"{{"eventId":"{}"}}"#, "x".repeat(300 * 1024));
    assert_eq!(parse(&large).expect_err("large").code(), "EventTooLarge");
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    assert_eq!(parse(&deep).expect_err("deep").code(), "TooDeep");
    assert_eq!(Event::parse(Bytes::from_static(b"{\"eventId\":\"\xff\"}")).expect_err("utf-8").code(), "MalformedJson");
}

#[test]
fn a_time_far_ahead_is_refused_at_receipt_only() {
    let event = parse(MINIMAL).expect("valid");
    assert!(event.check_received_at(event.time()).is_ok());
    let two_days_before = Timestamp(event.time().0 - 2 * 86_400_000);
    assert_eq!(event.check_received_at(two_days_before).expect_err("far").code(), "EventTimeInFuture");
}

#[test]
fn brackets_inside_strings_do_not_count_as_depth() {
    let json = format!(r#"{{"eventId":"a","eventTime":"2026-01-15T08:30:00Z","t":"{}\""}}"#, "[".repeat(500));
    assert!(parse(&json).is_ok());
}

proptest::proptest! {
    /// Whatever the bytes, parsing answers; and what it takes, a general JSON reader takes too.
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = Event::parse(Bytes::from(bytes));
    }

    #[test]
    fn what_is_accepted_is_json(cut in 0usize..400, junk in "[\\[\\]{}\",:0-9a-z\\\\ ]{0,8}") {
        let json = r#"{"eventId":"e-1","eventTime":"2026-01-15T08:30:00Z","userIdentity":{"type":"x"},"a":[1,{"b":"\n"}]}"#;
        let cut = cut.min(json.len());
        let mutated = format!("{}{junk}{}", &json[..cut], &json[cut..]);
        if Event::parse(Bytes::from(mutated.clone())).is_ok() {
            proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&mutated).is_ok(), "{mutated}");
        }
    }
}

/// What a fact says otherwise than the JSON at its path is never called plain.
#[test]
fn a_fact_is_plain_when_the_json_says_the_same() {
    let event = |fields: &str| {
        let json = format!(r#"{{"eventId":"1","eventTime":"2026-01-02T00:00:00Z"{fields}}}"#);
        Event::parse(json.into_bytes().into()).unwrap()
    };
    let plain = [
        ("", Attribute::ErrorCode),
        (r#","errorCode":null"#, Attribute::ErrorCode),
        (r#","errorCode":"No\u0041""#, Attribute::ErrorCode),
        (r#","userIdentity":{"userName":"a"},"request":{"UserName":"b"}"#, Attribute::User),
        (r#","userIdentity":{}"#, Attribute::User),
    ];
    for (fields, attribute) in plain {
        assert!(event(fields).is_plain(attribute), "{fields}");
    }
    let unplain = [
        (r#","errorCode":"""#, Attribute::ErrorCode),
        (r#","errorCode":5"#, Attribute::ErrorCode),
        (r#","errorCode":true"#, Attribute::ErrorCode),
        (r#","errorCode":{}"#, Attribute::ErrorCode),
        (r#","errorCode":["a"]"#, Attribute::ErrorCode),
        (r#","errorCode":"a","errorCode":"b""#, Attribute::ErrorCode),
        (r#","errorcode":"a""#, Attribute::ErrorCode),
        (r#","userIdentity":{"userName":"a","username":"b"}"#, Attribute::User),
        (r#","userIdentity":"{\"userName\":\"a\"}""#, Attribute::User),
        (r#","UserIdentity":{"userName":"a"}"#, Attribute::User),
        (r#","userIdentity":{"userName":"a"},"userIdentity":{}"#, Attribute::User),
        (r#","userIdentity.userName":"a""#, Attribute::User),
        ("", Attribute::ResourceName),
    ];
    for (fields, attribute) in unplain {
        assert!(!event(fields).is_plain(attribute), "{fields}");
    }
}
