//! Events that are wrong, odd or hostile: each is refused by name or kept verbatim, and its neighbours are stored.

use std::io::Write;

use model::limits::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX, REQUEST_EVENTS_MAX};
use serde_json::Value;

use crate::node::{Node, Reply, event};
use crate::signing::Unsigned;

/// What it is, its headers, the body, and the status, the code and a part of the message it is refused with.
type Refused<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<u8>, u16, &'a str, &'a str);
/// What it is, its headers, the body.
type Taken<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<u8>);

const TIME: &str = "2026-06-01T11:00:00Z";

/// Puts a body under these headers.
async fn put(node: &Node, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    let mut request = Unsigned::new("POST", "/v1/events").body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    node.send(request.acs3(&node.root, "PutEvents", "2026-11-21", node.now())).await
}

/// The one event of this id as the reply holds it, byte for byte.
async fn is_found(node: &Node, id: &str, raw: &str) -> bool {
    let reply = node.get(&node.root, &[("EventId", id)]).await;
    reply.text().contains(&format!("\"Event\":{raw}}}"))
}

fn text(bytes: &str) -> Vec<u8> {
    bytes.as_bytes().to_vec()
}

/// An event with further bytes, which need not be text.
fn odd_event(id: &str, more: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{{\"eventId\":\"{id}\",\"eventTime\":\"{TIME}\",").into_bytes();
    bytes.extend_from_slice(more);
    bytes.push(b'}');
    bytes
}

/// Each event with the code it is refused with and what the message must say: the field, the value or the fix.
#[rustfmt::skip]
fn refused_events() -> Vec<(&'static str, Vec<u8>, &'static str, Vec<&'static str>)> {
    let timed = |time: &str| format!("{{\"eventId\":\"x\",\"eventTime\":{time}}}").into_bytes();
    let long_id = text(&event(&"i".repeat(300), TIME, ""));
    let deep = format!("\"deep\":{}{}", "[".repeat(EVENT_DEPTH_MAX), "]".repeat(EVENT_DEPTH_MAX));
    let wrong_time = "use YYYY-MM-DDThh:mm:ssZ (UTC)";
    vec![
        ("cut short", text(r#"{"eventId":"x""#), "MalformedJson", vec!["line 1 column"]),
        ("single quotes", text("{'eventId':'x'}"), "MalformedJson", vec!["line 1 column 2"]),
        ("trailing comma", odd_event("x", b"\"a\":1,"), "MalformedJson", vec!["trailing comma"]),
        ("comment", odd_event("x", b"/* hello */ \"a\":1"), "MalformedJson", vec!["line 1 column"]),
        ("not a number", odd_event("x", b"\"a\":NaN"), "MalformedJson", vec!["line 1 column"]),
        ("raw control character", odd_event("x", b"\"a\":\"\x00\""), "MalformedJson", vec!["control character"]),
        ("text, no object", text(r#""event""#), "NotAnObject", vec!["send one object per event"]),
        ("null", text("null"), "NotAnObject", vec!["one object"]),
        ("a list", text("[[]]"), "NotAnObject", vec!["one object"]),
        ("not UTF-8", odd_event("x", b"\"a\":\"\xff\xfe\""), "MalformedJson", vec!["not UTF-8 at byte 55"]),
        ("latin-1", odd_event("x", b"\"a\":\"ol\xe9\""), "MalformedJson", vec!["not UTF-8"]),
        ("surrogate in an id", text(&event("\\ud800", TIME, "")), "MalformedJson", vec!["hex escape", "column 19"]),
        ("a number beyond all in a fact", odd_event("x", b"\"eventName\":1e400"), "MalformedJson", vec!["number out of range"]),
        ("300 KB", text(&event("x", TIME, &format!("\"a\":\"{}\"", "y".repeat(300 * 1024)))), "EventTooLarge", vec!["307257", "262144", "shorten"]),
        ("too deep", odd_event("x", deep.as_bytes()), "TooDeep", vec!["64 levels", "flatten"]),
        ("no id", text(&format!("{{\"eventTime\":\"{TIME}\"}}")), "MissingEventId", vec!["eventId", "GUID"]),
        ("empty id", text(&event("", TIME, "")), "MissingEventId", vec!["eventId is missing or empty"]),
        ("null id", text(&format!("{{\"eventId\":null,\"eventTime\":\"{TIME}\"}}")), "MissingEventId", vec!["eventId"]),
        ("an object as id", text(&format!("{{\"eventId\":{{}},\"eventTime\":\"{TIME}\"}}")), "MissingEventId", vec!["eventId"]),
        ("the wrong case", text(&format!("{{\"EventId\":\"x\",\"eventTime\":\"{TIME}\"}}")), "MissingEventId", vec!["eventId"]),
        ("a long id", long_id, "EventIdTooLong", vec!["eventId \"iiii", "300 bytes", "256", "GUID"]),
        ("no time", text(r#"{"eventId":"x"}"#), "MissingEventTime", vec!["eventTime", "YYYY-MM-DDThh:mm:ssZ"]),
        ("null as time", timed("null"), "MissingEventTime", vec!["eventTime"]),
        ("an empty time", timed("\"\""), "InvalidEventTime", vec!["\"\"", wrong_time]),
        ("a word", timed("\"yesterday\""), "InvalidEventTime", vec!["\"yesterday\"", wrong_time]),
        ("seconds", timed("1768465800"), "InvalidEventTime", vec!["\"1768465800\"", wrong_time]),
        ("no zone", timed("\"2026-06-01T11:00:00\""), "InvalidEventTime", vec![wrong_time]),
        ("a date", timed("\"2026-06-01\""), "InvalidEventTime", vec![wrong_time]),
        ("31 June", timed("\"2026-06-31T11:00:00Z\""), "InvalidEventTime", vec!["2026-06-31", wrong_time]),
        ("hour 25", timed("\"2026-06-01T25:00:00Z\""), "InvalidEventTime", vec![wrong_time]),
        ("second 61", timed("\"2026-06-01T11:00:61Z\""), "InvalidEventTime", vec![wrong_time]),
        ("year 0", timed("\"0000-01-01T00:00:00Z\""), "InvalidEventTime", vec!["0000-01-01", wrong_time]),
        ("before our era", timed("\"-000044-03-15T12:00:00Z\""), "InvalidEventTime", vec!["-000044", wrong_time]),
        ("an offset into year 0", timed("\"0001-01-01T00:00:00+01:00\""), "InvalidEventTime", vec![wrong_time]),
        ("year 10000", timed("\"10000-01-01T00:00:00Z\""), "InvalidEventTime", vec!["10000-01-01", wrong_time]),
        ("year 9999", timed("\"9999-12-01T00:00:00Z\""), "EventTimeInFuture", vec!["9999-12-01", "24 hours", "clock"]),
        ("the day after tomorrow", timed("\"2026-06-02T12:00:01Z\""), "EventTimeInFuture", vec!["2026-06-02T12:00:01Z", "2026-06-01T12:00:00Z"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_is_named_and_its_neighbours_are_stored() {
    let node = Node::start().await;
    for (shape, kind) in [("lines", "application/x-ndjson"), ("array", "application/json")] {
        for (number, (what, bad, code, says)) in refused_events().into_iter().enumerate() {
            // Other broken elements break the array they are in; a test below has those.
            let can_be_cut =
                ["not UTF-8", "latin-1", "surrogate in an id", "a number beyond all in a fact"].contains(&what);
            if shape == "array" && code == "MalformedJson" && !can_be_cut {
                continue;
            }
            let ids = [format!("{shape}-{number}-before"), format!("{shape}-{number}-after")];
            let [before, after] = ids.each_ref().map(|id| text(&event(id, TIME, "")));
            let body = match shape {
                "lines" => [before, bad, after].join(&b'\n'),
                _ => [b"[".to_vec(), [before, bad, after].join(&b','), b"]".to_vec()].concat(),
            };
            let reply = put(&node, &[("content-type", kind)], body).await;
            let fields = reply.ok();
            assert_eq!(fields["Accepted"], 2, "{what}: {fields}");
            let refused = &fields["Refused"];
            assert_eq!(refused.as_array().map(Vec::len), Some(1), "{what}: {fields}");
            assert_eq!((&refused[0]["Index"], &refused[0]["Code"]), (&Value::from(1), &Value::from(code)), "{what}");
            let message = refused[0]["Message"].as_str().expect("a sentence");
            for each in says {
                assert!(message.contains(each), "{what}: {each:?} is not in {message:?}");
            }
            assert!(message.len() < 400, "{what}: values are shortened: {message}");
            for id in &ids {
                assert!(is_found(&node, id, &event(id, TIME, "")).await, "{what}: {id} is gone");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_events_are_kept_byte_for_byte() {
    let node = Node::start().await;
    let nested = format!("\"deep\":{}{}", "[".repeat(EVENT_DEPTH_MAX - 1), "]".repeat(EVENT_DEPTH_MAX - 1));
    let full = format!("\"a\":\"{}\"", "y".repeat(EVENT_BYTES_MAX - event("full", TIME, "\"a\":\"\"").len()));
    let table: &[(&str, &str)] = &[
        ("beyond-2-53", r#""n":9007199254740993,"m":123456789012345678901234567890,"f":1.10,"e":1e400"#),
        (
            "unknown-words",
            r#""eventType":"Telepathy","eventRW":"Maybe","eventCategory":"?","userIdentity":{"type":"ghost"}"#,
        ),
        (
            "wrong-types",
            r#""eventName":["x"],"serviceName":{"a":1},"acsRegion":7,"userIdentity":"root","isGlobal":"yes","eventVersion":null,"referencedResources":3,"eventAttributes":[]"#,
        ),
        ("same-key-twice", r#""eventName":"First","a":1,"eventName":"Second","a":2"#),
        ("nul", r#""eventName":"a\u0000b","\u0000":"\u0000""#),
        ("lone-surrogate", r#""a":"\ud800","b":"\udc00\ud800","userIdentity":{"x":"\udfff"}"#),
        ("not-characters", "\"a\":\"\u{fffe}\u{202e}\u{feff}\""),
        ("deep", &nested),
        ("full", &full),
        ("empty-values", r#""eventName":"","userIdentity":{},"resourceName":"","":"""#),
    ];
    for (id, more) in table {
        let raw = event(id, TIME, more);
        let reply = node.put(&node.root, None, raw.clone()).await.ok();
        assert_eq!(reply["Accepted"], 1, "{id}: {reply}");
        assert!(is_found(&node, id, &raw).await, "{id} by REST");
        let ask = [("LookupAttribute.1.Key", "EventId"), ("LookupAttribute.1.Value", *id)];
        let looked_up = node.call(&node.root, "LookupEvents", &ask).await;
        assert!(looked_up.text().contains(&format!("\"Events\":[{raw}],")), "{id} by RPC: {}", looked_up.text());
        let xml = node.call(&node.root, "LookupEvents", &[ask[0], ask[1], ("Format", "XML")]).await;
        assert_eq!(xml.status, 200);
        assert!(xml.text().contains(&format!("<eventId>{id}</eventId>")), "{id} in XML: {}", xml.text());
        well_formed(xml.text());
    }
    let last = [("EventName", "Second")];
    assert!(node.get(&node.root, &last).await.text().contains("same-key-twice"), "the last of two keys counts");
    let first = [("EventName", "First")];
    assert!(!node.get(&node.root, &first).await.text().contains("same-key-twice"));
}

/// No control character but white space, and every element that is opened is closed.
fn well_formed(xml: &str) {
    assert!(xml.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')), "{xml}");
    let mut open: Vec<&str> = Vec::new();
    for tag in xml.split('<').skip(2).filter_map(|part| part.split('>').next()) {
        let name = tag.split(' ').next().expect("a name");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{xml}"),
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} {xml}");
}

/// Times that are unusual and right, and the moment they mean.
#[tokio::test(flavor = "multi_thread")]
async fn unusual_times_are_taken_for_what_they_mean() {
    let node = Node::start().await;
    for (id, time, from, to) in [
        ("fraction", "2026-05-31T10:00:00.123456789Z", "2026-05-31T10:00:00Z", "2026-05-31T10:00:00Z"),
        ("offset", "2026-05-31T10:00:00+08:00", "2026-05-31T02:00:00Z", "2026-05-31T02:00:00Z"),
        ("lower-case", "2026-05-31t11:00:00z", "2026-05-31T11:00:00Z", "2026-05-31T11:00:00Z"),
        ("ahead-by-a-zone", "2026-06-02T11:59:59Z", "2026-06-02T11:59:59Z", "2026-06-02T11:59:59Z"),
    ] {
        let raw = event(id, time, "");
        assert_eq!(node.put(&node.root, None, raw.clone()).await.ok()["Accepted"], 1, "{id}");
        let found = node.get(&node.root, &[("EventId", id), ("start", from), ("end", to)]).await;
        assert!(found.text().contains(&raw), "{id}: {}", found.text());
    }
    // A leap second, the first year there is, and the epoch: beyond the history, but stored and readable by a tail.
    let old = ["2016-12-31T23:59:60Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"];
    let before = node.writer.head().0.to_string();
    for time in old {
        assert_eq!(node.put(&node.root, None, event(time, time, "")).await.ok()["Accepted"], 1, "{time}");
    }
    let tail = node.get(&node.root, &[("after", &before)]).await;
    assert!(old.iter().all(|time| tail.text().contains(&event(time, time, ""))), "{}", tail.text());
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

fn utf16(text: &str, mark: bool, little: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// Bodies that cannot be read: refused as a whole, and nothing of them is stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_is_refused_with_the_reason() {
    let node = Node::start().await;
    let good = event("never", TIME, "");
    let array = format!("[{good}]");
    let (packed, zstd) = (gzip(good.as_bytes()), zstd::encode_all(good.as_bytes(), 3).expect("memory"));
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 6].to_vec();
    let mut flipped = packed.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    let bomb = vec![b' '; 64 << 20];
    let ten_thousand_and_one = vec![good.as_str(); REQUEST_EVENTS_MAX + 1];
    const JSON: (&str, &str) = ("content-type", "application/json");
    const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
    const GZIP: (&str, &str) = ("content-encoding", "gzip");
    const ZSTD: (&str, &str) = ("content-encoding", "zstd");
    #[rustfmt::skip]
    let table: Vec<Refused<'_>> = vec![
        ("empty", vec![JSON], text(""), 400, "MalformedBody", "send at least one event"),
        ("white space", vec![LINES], text(" \r\n\t\n"), 400, "MalformedBody", "empty"),
        ("only a mark", vec![LINES], text("\u{feff}"), 400, "MalformedBody", "empty"),
        ("an open array", vec![JSON], text(&array[..array.len() - 1]), 400, "MalformedBody", "line 1 column"),
        ("two arrays", vec![JSON], text(&format!("{array}{array}")), 400, "MalformedBody", "trailing characters"),
        ("a broken element", vec![JSON], text(&format!("[{good},{{]")), 400, "MalformedBody", "Nothing was stored"),
        ("UTF-16 with a mark", vec![JSON], utf16(&array, true, true), 400, "MalformedBody", "UTF-16"),
        ("UTF-16, big end first", vec![LINES], utf16(&good, true, false), 400, "MalformedBody", "UTF-16"),
        ("UTF-16 without a mark", vec![JSON], utf16(&array, false, true), 400, "MalformedBody", "send UTF-8"),
        ("no gzip", vec![GZIP], text(&good), 400, "MalformedBody", "not valid gzip"),
        ("no zstd", vec![ZSTD], text(&good), 400, "MalformedBody", "not valid zstd"),
        ("zstd called gzip", vec![GZIP], zstd.clone(), 400, "MalformedBody", "not valid gzip"),
        ("gzip cut short", vec![GZIP], cut(&packed), 400, "MalformedBody", "not valid gzip"),
        ("zstd cut short", vec![ZSTD], cut(&zstd), 400, "MalformedBody", "not valid zstd"),
        ("gzip with a wrong checksum", vec![GZIP], flipped, 400, "MalformedBody", "not valid gzip"),
        ("gzip and rubbish", vec![GZIP], [packed.clone(), text("xx")].concat(), 400, "MalformedBody", "not valid gzip"),
        ("gzip of nothing", vec![GZIP], gzip(b""), 400, "MalformedBody", "empty"),
        ("a gzip bomb", vec![GZIP], gzip(&bomb), 413, "RequestTooLarge", "10485760 bytes"),
        ("a zstd bomb", vec![ZSTD], zstd::encode_all(&*bomb, 1).expect("memory"), 413, "RequestTooLarge", "10485760 bytes"),
        ("a long body", vec![JSON], vec![b' '; (10 << 20) + 1], 413, "RequestTooLarge", "send fewer events"),
        ("10,001 lines", vec![LINES], text(&ten_thousand_and_one.join("\n")), 413, "RequestTooLarge", "10000 events"),
        ("10,001 elements", vec![JSON], text(&format!("[{}]", ten_thousand_and_one.join(","))), 413, "RequestTooLarge", "10000 events"),
        ("brotli", vec![("content-encoding", "br")], text(&good), 415, "UnsupportedMediaType", "use gzip, zstd or none"),
        ("two codings", vec![("content-encoding", "gzip, gzip")], gzip(&packed), 415, "UnsupportedMediaType", "\"gzip, gzip\""),
        ("CSV", vec![("content-type", "text/csv")], text("a,b"), 415, "UnsupportedMediaType", "\"text/csv\""),
        ("XML", vec![("content-type", "application/xml")], text("<e/>"), 415, "UnsupportedMediaType", "application/x-ndjson"),
        ("a form", vec![("content-type", "application/x-www-form-urlencoded")], text("a=b"), 415, "UnsupportedMediaType", "application/json"),
        ("another alphabet", vec![("content-type", "application/json; charset=utf-16")], utf16(&array, true, true), 415, "UnsupportedMediaType", "utf-8"),
        ("no media type", vec![("content-type", "\u{b2}")], text(&good), 415, "UnsupportedMediaType", "application/json"),
    ];
    let head = node.writer.head();
    for (what, headers, body, status, code, says) in table {
        let reply = put(&node, &headers, body).await;
        assert_eq!(reply.error(), (status, code.to_owned()), "{what}: {}", reply.text());
        let message = reply.json()["Message"].as_str().expect("a sentence").to_owned();
        assert!(message.contains(says), "{what}: {says:?} is not in {message:?}");
        assert!(message.len() < 400, "{what}: {message}");
    }
    assert_eq!(node.writer.head(), head, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn unusual_bodies_that_are_right_are_taken() {
    let node = Node::start().await;
    let ids = |prefix: &str| [0, 1].map(|number| event(&format!("{prefix}-{number}"), TIME, ""));
    let lines = |prefix: &str, between: &str| ids(prefix).join(between);
    let array = |prefix: &str| format!("[{}]", ids(prefix).join(","));
    #[rustfmt::skip]
    let table: Vec<Taken<'_>> = vec![
        ("no-last-newline", vec![("content-type", "application/x-ndjson")], text(&lines("no-last-newline", "\n"))),
        ("windows-lines", vec![("content-type", "application/jsonl")], text(&format!("{}\r\n", lines("windows-lines", "\r\n")))),
        ("blank-lines", vec![("content-type", "application/ndjson")], text(&format!("\n\n{}\n \n", lines("blank-lines", "\n\n\t\n")))),
        ("byte-order-mark", vec![("content-type", "application/json")], text(&format!("\u{feff}{}", array("byte-order-mark")))),
        ("mark-and-lines", vec![("content-type", "application/x-ndjson")], text(&format!("\u{feff}{}", lines("mark-and-lines", "\n")))),
        ("no-headers", vec![], text(&array("no-headers"))),
        ("charset", vec![("content-type", "application/json; charset=\"UTF-8\"")], text(&array("charset"))),
        ("capitals", vec![("content-type", "APPLICATION/JSON"), ("content-encoding", "GZip")], gzip(array("capitals").as_bytes())),
        ("two-members", vec![("content-encoding", "gzip")], [gzip(b"["), gzip(ids("two-members").join(",").as_bytes()), gzip(b"]")].concat()),
    ];
    for (what, headers, body) in table {
        let reply = put(&node, &headers, body).await.ok();
        assert_eq!((&reply["Accepted"], &reply["Refused"]), (&Value::from(2), &serde_json::json!([])), "{what}");
        for (number, raw) in ids(what).iter().enumerate() {
            assert!(is_found(&node, &format!("{what}-{number}"), raw).await, "{what}");
        }
    }
    let empty = put(&node, &[("content-type", "application/json")], " [ ] ").await.ok();
    assert_eq!((&empty["Accepted"], &empty["Duplicates"]), (&Value::from(0), &Value::from(0)), "an empty batch");
}
