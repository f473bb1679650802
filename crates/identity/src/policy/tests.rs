use super::*;
use crate::Context;
use model::Timestamp;

fn context(address: &str, now: &str, secure: bool) -> Context {
    let now = Timestamp::parse(now).expect("a time");
    Context { source_ip: address.parse().ok(), now, secure_transport: secure }
}

fn verdict(statement: &str, action: &str, resource: &str) -> Verdict {
    let policy = Policy::parse(&format!(r#"{{"Version":"1","Statement":{statement}}}"#)).expect(statement);
    policy.evaluate(action, resource, &context("192.0.2.7", "2026-01-15T08:30:00Z", true))
}

const TRAIL: &str = "acs:actiontrail:cn-hangzhou:1234:trail/main-trail";

#[test]
fn actions_and_resources() {
    use Verdict::{Allow, Deny, NotMentioned};
    let cases = [
        (r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#, "actiontrail:DeleteTrail", Allow),
        (r#"{"Effect":"Allow","Action":"actiontrail:*","Resource":"*"}"#, "ram:CreateUser", NotMentioned),
        (r#"{"Effect":"Allow","Action":"ActionTrail:describe*","Resource":"*"}"#, "actiontrail:DescribeTrails", Allow),
        (
            r#"{"Effect":"Allow","Action":["ram:X","actiontrail:Get?rail"],"Resource":"*"}"#,
            "actiontrail:GetTrail",
            Allow,
        ),
        (
            r#"{"Effect":"Allow","NotAction":"actiontrail:Delete*","Resource":"*"}"#,
            "actiontrail:DeleteTrail",
            NotMentioned,
        ),
        (r#"{"Effect":"Allow","NotAction":"actiontrail:Delete*","Resource":"*"}"#, "actiontrail:CreateTrail", Allow),
        (r#"{"Effect":"Allow","Action":"*","Resource":"acs:actiontrail:*:1234:trail/main-*"}"#, "a:B", Allow),
        (r#"{"Effect":"Allow","Action":"*","Resource":"acs:actiontrail:*:1234:trail/other"}"#, "a:B", NotMentioned),
        (
            r#"{"Effect":"Allow","Action":"*","NotResource":"acs:actiontrail:*:*:trail/main-trail"}"#,
            "a:B",
            NotMentioned,
        ),
        (
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"actiontrail:StopLogging","Resource":"*"}]"#,
            "actiontrail:StopLogging",
            Deny,
        ),
        (
            r#"[{"Effect":"Deny","Action":"actiontrail:StopLogging","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
            "actiontrail:StartLogging",
            Allow,
        ),
    ];
    for (statement, action, expected) in cases {
        assert_eq!(verdict(statement, action, TRAIL), expected, "{statement} on {action}");
    }
}

#[test]
fn conditions() {
    let cases = [
        (r#"{"IpAddress":{"acs:SourceIp":"192.0.2.0/24"}}"#, true),
        (r#"{"IpAddress":{"acs:SourceIp":["198.51.100.1","192.0.2.7"]}}"#, true),
        (r#"{"IpAddress":{"acs:SourceIp":"198.51.100.0/24"}}"#, false),
        (r#"{"NotIpAddress":{"acs:SourceIp":"198.51.100.0/24"}}"#, true),
        (r#"{"NotIpAddress":{"acs:SourceIp":["198.51.100.0/24","192.0.2.0/24"]}}"#, false),
        (r#"{"DateLessThan":{"acs:CurrentTime":"2026-01-15T08:31:00Z"}}"#, true),
        (r#"{"DateLessThan":{"acs:CurrentTime":"2026-01-15T08:30:00Z"}}"#, false),
        (r#"{"DateLessThanEquals":{"acs:CurrentTime":"2026-01-15T16:30:00+08:00"}}"#, true),
        (r#"{"DateGreaterThan":{"acs:CurrentTime":"2026-01-15T08:30:00Z"}}"#, false),
        (r#"{"DateGreaterThanEquals":{"acs:CurrentTime":"2026-01-15T08:30:00Z"}}"#, true),
        (r#"{"Bool":{"acs:SecureTransport":"true"}}"#, true),
        (r#"{"Bool":{"acs:SecureTransport":false}}"#, false),
        (r#"{"StringLike":{"acs:SourceIp":"192.0.*"}}"#, true),
        (r#"{"StringNotEquals":{"acs:SourceIp":"192.0.2.7"}}"#, false),
        (r#"{"IpAddress":{"acs:SourceIp":"192.0.2.7"},"Bool":{"acs:SecureTransport":"false"}}"#, false),
        (r#"{}"#, true),
    ];
    for (condition, holds) in cases {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
        let expected = if holds { Verdict::Allow } else { Verdict::NotMentioned };
        assert_eq!(verdict(&statement, "a:B", "*"), expected, "{condition}");
    }
    let statement = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
        "Condition":{"NotIpAddress":{"acs:SourceIp":"192.0.2.0/24"}}}}"#;
    let policy = Policy::parse(statement).expect("valid");
    let unknown = Context { source_ip: None, ..context("", "2026-01-15T08:30:00Z", true) };
    assert_eq!(policy.evaluate("a:B", "*", &unknown), Verdict::NotMentioned, "an unknown address opens nothing");
    let denying = Policy::parse(&statement.replace("Allow", "Deny")).expect("valid");
    assert_eq!(denying.evaluate("a:B", "*", &unknown), Verdict::Deny, "and saves from nothing");
    let mapped = context("::ffff:192.0.2.9", "2026-01-15T08:30:00Z", true);
    assert_eq!(policy.evaluate("a:B", "*", &mapped), Verdict::NotMentioned, "an IPv4 address in IPv6 clothes");
}

#[test]
fn mistakes_are_named_by_their_place() {
    let statement = |statement: &str| format!(r#"{{"Version":"1","Statement":[{statement}]}}"#);
    let cases = [
        ("[".to_owned(), "document"),
        ("[]".to_owned(), "document"),
        (r#"{"Version":"2","Statement":[]}"#.to_owned(), "Version"),
        (r#"{"Version":"1","Statement":[]}"#.to_owned(), "Statement"),
        (r#"{"Version":"1","Statements":{}}"#.to_owned(), "document.Statements"),
        (statement("7"), "Statement[0]"),
        (statement(r#"{"Effect":"allow","Action":"*","Resource":"*"}"#), "Statement[0].Effect"),
        (statement(r#"{"Effect":"Allow","Resource":"*"}"#), "Statement[0]"),
        (statement(r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#), "Statement[0]"),
        (statement(r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#), "Statement[0].Action"),
        (statement(r#"{"Effect":"Allow","Action":"LookupEvents","Resource":"*"}"#), "Statement[0].Action"),
        (statement(r#"{"Effect":"Allow","Action":"*","Resource":"trail/x"}"#), "Statement[0].Resource"),
        (
            statement(
                r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"here"}}}"#,
            ),
            "Statement[0].Condition.IpAddress.acs:SourceIp",
        ),
        (
            statement(r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{}}}"#),
            "Statement[0].Condition.IpAddress",
        ),
        (
            statement(r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"acs:Mood":"true"}}}"#),
            "Statement[0].Condition.Bool.acs:Mood",
        ),
        (
            statement(
                r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateSoon":{"acs:CurrentTime":"x"}}}"#,
            ),
            "Statement[0].Condition.DateSoon.acs:CurrentTime",
        ),
    ];
    for (document, place) in cases {
        assert_eq!(Policy::parse(&document).expect_err(&document).place, place, "{document}");
    }
    let long = format!(r#"{{"Version":"1","Statement":{}}}"#, " ".repeat(7000));
    assert_eq!(Policy::parse(&long).expect_err("long").place, "document");
}

#[test]
fn patterns() {
    let cases = [
        ("*", "", true),
        ("*", "abc", true),
        ("a*c", "abbc", true),
        ("a*c", "abbd", false),
        ("a*b*c", "a1b2b3c", true),
        ("?b", "ab", true),
        ("?b", "b", false),
        ("a**", "a", true),
        ("", "a", false),
        ("*aab", "aaaab", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} on {text}");
    }
}

#[test]
fn the_built_in_policies() {
    let find = |name| system::find(name).expect("built in");
    let now = context("192.0.2.7", "2026-01-15T08:30:00Z", false);
    let read_only = find("AliyunActionTrailReadOnlyAccess");
    assert_eq!(read_only.evaluate("actiontrail:LookupEvents", TRAIL, &now), Verdict::Allow);
    assert_eq!(read_only.evaluate("actiontrail:CreateTrail", TRAIL, &now), Verdict::NotMentioned);
    assert_eq!(read_only.evaluate("cairn:PutEvents", "*", &now), Verdict::NotMentioned);
    let full = find("AliyunActionTrailFullAccess");
    assert_eq!(full.evaluate("actiontrail:DeleteTrail", TRAIL, &now), Verdict::Allow);
    assert_eq!(full.evaluate("ram:CreateUser", "*", &now), Verdict::NotMentioned);
    assert_eq!(system::deny_everything().evaluate("a:B", "*", &now), Verdict::Deny);
}
