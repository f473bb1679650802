//! The grammar: what each form means, where errors point, and that printing and reading agree.

use proptest::prelude::*;

use super::*;

/// The printed form of what was read: short, and it names everything.
fn read(text: &str) -> String {
    parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).search.to_string()
}

#[test]
fn terms() {
    for (text, expected) in [
        ("", "*"),
        ("  ", "*"),
        ("*", "*"),
        ("DescribeInstances", r#""describeinstances""#),
        (r#""a b""#, r#""a b""#),
        (r##"#"www.example.com/x y""##, r##"#"www.example.com x y""##),
        (r#"content: "error message with \"quote\"""#, r#""event.content": "error message with quote""#),
        ("event.eventName:X", r#""event.eventName": "x""#),
        ("event.eventName :X", r#""event.eventName": "x""#),
        ("serviceName:actionTrail", r#""event.serviceName": "actiontrail""#),
        ("EVENT.eventName: X", r#""event.eventName": "x""#),
        (r#""event.eventRW": Write"#, r#""event.eventRW": "write""#),
        (r#"event.resourceType : "ACS::ECS::Disk""#, r#""event.resourceType": "acs ecs disk""#),
        ("event.resourceType: ACS::ECS::Disk", r#""event.resourceType": "acs ecs disk""#),
        ("event.eventSource: actiontrail*", r#""event.eventSource": actiontrail*"#),
        ("errorCode: NoPermission.*", r#""event.errorCode": nopermission.*"#),
        ("a: b/c*d/e?", r#""event.a": b/c*d/e?"#),
        (r#"a: "arn:x:*:y*""#, r#""event.a": arn/x/y*"#),
        ("event.errorCode: *", r#""event.errorCode": *"#),
        ("not event.errorCode: *", r#"not "event.errorCode": *"#),
        (r#"key: """#, r#""event.key": """#),
        ("key: ''", r#""event.key": """#),
        ("key: 'a'", r#""event.key": "a""#),
        ("errorCode: null", r#""event.errorCode": null"#),
        (r#"errorCode: "null""#, r#""event.errorCode": "null""#),
        ("event.errorCode is not NULL", r#""event.errorCode": *"#),
        ("event.errorCode IS null", r#"not "event.errorCode": *"#),
        ("event.errorCode != ''", r#""event.errorCode": *"#),
        (r#"event.errorCode != """#, r#""event.errorCode": *"#),
        ("status != 200", r#"not "event.status" in [200.0 200.0]"#),
        ("a != b", r#"not "event.a": "b""#),
        ("a = b", r#""event.a": "b""#),
        ("status=200", r#""event.status" in [200.0 200.0]"#),
        ("status>200", r#""event.status" > 200.0"#),
        ("status >= -1.5", r#""event.status" >= -1.5"#),
        ("status < 5 and status <= 6", r#""event.status" < 5.0 and "event.status" <= 6.0"#),
        ("status in [200 300]", r#""event.status" in [200.0 300.0]"#),
        ("status in (200 300]", r#""event.status" in (200.0 300.0]"#),
        ("status in [200, 300)", r#""event.status" in [200.0 300.0)"#),
        ("a in b", r#""a" and "in" and "b""#),
        ("a is b", r#""a" and "is" and "b""#),
        ("__topic__: actiontrail_audit_event", r#"__topic__: "actiontrail_audit_event""#),
        ("__topic__: *", "*"),
        ("__source__: actiontrail_internal", "*"),
        ("__source__: other", "not *"),
        ("event: foo", r#""foo""#),
        ("中文: 值", r#""event.中文": "值""#),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn operators() {
    for (text, expected) in [
        ("a or b and c", r#""a" or ("b" and "c")"#),
        ("a and b OR c and d", r#"("a" and "b") or ("c" and "d")"#),
        ("(a or b) and c", r#"("a" or "b") and "c""#),
        ("a b", r#""a" and "b""#),
        ("a and not b or c", r#"("a" and not "b") or "c""#),
        (
            "NOT status: 200 NOT request_method: GET",
            r#"not "event.status": "200" and not "event.request_method": "get""#,
        ),
        ("not not a", r#"not not "a""#),
        ("* and a", r#""a""#),
        ("not(a)", r#"not "a""#),
        ("(a)and(b)", r#""a" and "b""#),
        (r#"x: Management "event.k": "STS.x""#, r#""event.x": "management" and "event.k": "sts.x""#),
        (r#""and" "or""#, r#""and" and "or""#),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn sql_begins_behind_the_first_bar_outside_quotes() {
    let statement = parse(r#"a: "x|y" | set session mode = scan; SELECT "é" || 'b' ; "#).unwrap();
    assert_eq!(statement.search.to_string(), r#""event.a": "x y""#);
    let sql = statement.sql.unwrap();
    assert_eq!(sql.text, r#"SELECT "é" || 'b'"#);
    assert_eq!(sql.offset, 36);
    assert_eq!(sql.session, [("mode".to_owned(), "scan".to_owned())]);
    assert_eq!(parse("| select 1").unwrap().search, Search::All);
    assert_eq!(parse("a").unwrap().sql, None);
}

#[test]
fn errors_point_at_the_place() {
    for (text, position, found, expected) in [
        ("*error", 0, "`*error`", "wildcard"),
        ("é: *error", 3, "`*error`", "wildcard"),
        ("and source: *", 0, "`and`", "a condition"),
        ("a or", 4, "the end", "a condition"),
        ("a and | select 1", 6, "|", "a condition"),
        ("(a AND ( b OR c )", 0, "(", "`)`"),
        ("a)", 1, ")", "`and`"),
        ("()", 1, ")", "a condition"),
        ("key:", 4, "the end", "a value"),
        ("key: and", 5, "`and`", "a value"),
        (": x", 0, "`:`", "a key"),
        (r#"a "b"#, 2, "\"", "closing"),
        ("size > big", 7, "`big`", "a number"),
        ("size in [1 b]", 11, "`b]`", "a number"),
        ("size in [1 2", 12, "the end", "`]`"),
        ("* | ", 4, "the end", "SELECT"),
        ("__time__ > 5", 0, "`__time__`", "time"),
        ("* | set session a b; select 1", 18, "`b;`", "`=`"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.found.contains(found), "{text}: {error}");
        assert!(error.expected.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    assert!(parse(&"(".repeat(100_000)).is_err());
    assert!(parse(&"not ".repeat(100_000)).is_err());
    assert!(parse(&"a ".repeat(257)).is_err());
    assert!(parse(&"a ".repeat(256)).is_ok());
    assert!(parse(&format!("k: \"{}\"", "a ".repeat(65))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Any text ends, and what was read is read again from its printed form.
    #[test]
    fn any_text(text in "\\PC{0,40}") {
        reads_again(&text);
    }

    #[test]
    fn text_that_looks_like_a_query(parts in proptest::collection::vec(proptest::sample::select(vec![
        "a", "event.b", "*", "b*", "?", "(", ")", ":", "\"", "#\"", "\\", "and", "or", "not", "in", "is", "null", "[1 2]",
        "(1 2]", ">", ">=", "!=", "=", "5", "''", "|", "select 1", " ", " ", " ", "__topic__", "中", "/", "x?y",
    ]), 0..16)) {
        reads_again(&parts.concat());
    }
}

fn reads_again(text: &str) {
    if let Ok(statement) = parse(text) {
        let printed = statement.search.to_string();
        let again = parse(&printed).unwrap_or_else(|error| panic!("{text:?} printed as {printed:?}: {error}"));
        assert_eq!(again.search, statement.search, "{text:?} printed as {printed:?}");
    }
}
