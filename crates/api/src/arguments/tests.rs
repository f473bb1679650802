use super::*;
use crate::format::{self, TRAIL_NAME};

const FIELDS: &[Param] =
    &[Param::choice("Key", &["User", "EventName"], "").required(), Param::text("Value", format::ANY, "").required()];
const PARAMS: &[Param] = &[
    Param::text("Name", TRAIL_NAME, "").required().refused_as(codes::INVALID_TRAIL_NAME),
    Param::boolean("Deep", ""),
    Param::integer("MaxResults", 1, 50, "").or("20"),
    Param::time("StartTime", "").refused_as(codes::INVALID_PARAMETER_START_TIME),
    Param::list("LookupAttribute", FIELDS, 3, ""),
    Param::text("OssKeyPrefix", format::KEY_PREFIX, "").keeps_empty(),
    Param::text("UserName", format::ANY, "").or_callers_name(),
    Param::unsupported("Tag", "there are no tags"),
    Param::text("Password", TRAIL_NAME, "").secret(),
];

fn check(query: &[(&str, &str)]) -> Result<Arguments, WireError> {
    let pairs = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Arguments::check(PARAMS, &Given::new(pairs), codes::INVALID_QUERY_PARAMETER, Some("alice"))
}

fn refusal(query: &[(&str, &str)]) -> (String, String) {
    let error = check(query).expect_err("should be refused");
    (error.code.into_owned(), error.message)
}

#[test]
fn values_are_typed_and_defaults_filled() {
    let arguments = check(&[
        ("Name", "trail-test"),
        ("Name", "trail-test"),
        ("Deep", "True"),
        ("StartTime", "2026-01-01T00:00:00Z"),
        ("LookupAttribute.2.Value", "v2"),
        ("LookupAttribute.1.Key", "User"),
        ("LookupAttribute.2.Key", "EventName"),
        ("LookupAttribute.1.Value", "v1"),
        ("LookupAttribute.x.Key", "ignored"),
        ("OssKeyPrefix", ""),
        ("charset", "UTF-8"),
    ])
    .expect("valid");
    assert_eq!(arguments.required("Name"), "trail-test");
    assert!(arguments.flag("Deep"));
    assert_eq!(arguments.integer("MaxResults"), Some(20));
    assert_eq!(arguments.time("StartTime").map(|at| at.to_string()), Some("2026-01-01T00:00:00Z".into()));
    let pairs: Vec<_> = arguments.list("LookupAttribute").iter().map(|entry| entry.required("Value")).collect();
    assert_eq!(pairs, ["v1", "v2"]);
    assert_eq!((arguments.text("OssKeyPrefix"), arguments.filled("OssKeyPrefix")), (Some(""), None));
    assert_eq!(arguments.text("UserName"), Some("alice"));
}

#[test]
fn a_parameter_with_two_values_is_refused() {
    for (name, first, second) in
        [("Name", "trail-one", "trail-two"), ("Name", "trail-one", ""), ("LookupAttribute.1.Key", "User", "EventName")]
    {
        let rest = [("Name", "trail-one"), ("LookupAttribute.1.Value", "v")];
        let given: Vec<_> = [(name, first), (name, second)].into_iter().chain(rest).collect();
        let (code, message) = refusal(&given);
        assert_eq!(code, "InvalidQueryParameter");
        assert!(message.contains(&format!("{name} is given twice")), "{message}");
    }
}

#[test]
fn absent_and_empty_are_the_same_unless_the_table_says_otherwise() {
    assert_eq!(refusal(&[]).0, "MissingParameter");
    assert_eq!(refusal(&[("Name", "")]).0, "MissingParameter");
    let arguments = check(&[("Name", "trail-test"), ("StartTime", ""), ("Tag", "")]).expect("valid");
    assert_eq!((arguments.time("StartTime"), arguments.text("OssKeyPrefix")), (None, None));
}

#[test]
fn each_wrong_value_is_refused_with_its_code_and_named() {
    let named = ("Name", "trail-test");
    for (pair, code) in [
        (("Deep", "yes"), "InvalidQueryParameter"),
        (("MaxResults", "0"), "InvalidQueryParameter"),
        (("MaxResults", "51"), "InvalidQueryParameter"),
        (("MaxResults", "ten"), "InvalidQueryParameter"),
        (("StartTime", "yesterday"), "InvalidParameterStartTime"),
        (("LookupAttribute.1.Key", "Colour"), "InvalidQueryParameter"),
        (("LookupAttribute.1.Key", "User"), "MissingParameter"),
        (("Tag", "x"), "UnsupportedParameter"),
    ] {
        let (got, message) = refusal(&[named, pair]);
        assert_eq!(got, code, "{pair:?}");
        assert!(message.contains(pair.0.split('.').next().expect("a name")), "{message}");
    }
    let (code, message) = refusal(&[("Name", "Trail")]);
    assert_eq!(code, "InvalidTrailNameException");
    assert!(message.contains("\"Trail\"") && message.contains("lower-case"), "{message}");
}

#[test]
fn lists_have_an_end_and_secrets_are_not_repeated() {
    let many: Vec<String> = (1..=4).flat_map(|n| [format!("LookupAttribute.{n}.Key")]).collect();
    let query: Vec<_> = many.iter().map(|name| (name.as_str(), "User")).chain([("Name", "trail-test")]).collect();
    assert_eq!(refusal(&query).0, "InvalidQueryParameter");
    let (_, message) = refusal(&[("Name", "trail-test"), ("Password", "hunter2!")]);
    assert!(!message.contains("hunter2"), "{message}");
}
