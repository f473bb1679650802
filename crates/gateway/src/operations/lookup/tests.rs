use std::time::Duration;

use api::{Given, OperationId};

use super::*;

fn arguments(query: &[(&str, &str)]) -> Arguments {
    let pairs = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let row = OperationId::LookupEvents.operation();
    Arguments::check(row.params, &Given::new(pairs), row.service.invalid_value(), None).expect("valid")
}

fn asked(keys: &[(&str, &str)]) -> Result<Vec<Condition>, (String, String)> {
    let mut query = Vec::new();
    for (place, (key, value)) in keys.iter().enumerate() {
        query.push((format!("LookupAttribute.{}.Key", place + 1), (*key).to_owned()));
        query.push((format!("LookupAttribute.{}.Value", place + 1), (*value).to_owned()));
    }
    let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    conditions(arguments(&query).list("LookupAttribute")).map_err(|error| (error.code.into_owned(), error.message))
}

fn is(attribute: Attribute, value: &str) -> Condition {
    Condition::Is(attribute, value.to_owned())
}

#[test]
fn one_key_or_an_allowed_pair_counts() {
    assert_eq!(asked(&[]), Ok(vec![]));
    assert_eq!(asked(&[("User", "alice")]), Ok(vec![is(Attribute::User, "alice")]));
    let both = vec![is(Attribute::EventName, "RunInstances"), is(Attribute::ServiceName, "Ecs")];
    assert_eq!(asked(&[("EventName", "RunInstances"), ("ServiceName", "Ecs")]), Ok(both));
    assert!(asked(&[("ServiceName", "Ecs"), ("PrincipalId", "1")]).is_ok());
}

#[test]
fn of_a_key_given_twice_the_second_counts_and_of_many_the_first_two() {
    assert_eq!(asked(&[("User", "alice"), ("User", "bob")]), Ok(vec![is(Attribute::User, "bob")]));
    let first_two = vec![is(Attribute::ServiceName, "Ecs"), is(Attribute::User, "alice")];
    assert_eq!(asked(&[("ServiceName", "Ecs"), ("User", "alice"), ("EventId", "x")]), Ok(first_two));
}

#[test]
fn what_does_not_go_together_is_refused_and_the_pairs_are_named() {
    for keys in [
        &[("User", "alice"), ("EventName", "x")][..],
        &[("EventId", "x"), ("ServiceName", "Ecs")],
        &[("PrincipalId", "1")],
        &[("PrincipalId", "1"), ("PrincipalId", "2")],
        &[("PrincipalId", "1"), ("EventType", "ApiCall")],
    ] {
        let (code, message) = asked(keys).expect_err("refused");
        assert_eq!(code, "InvalidQueryParameter");
        assert!(message.contains("ServiceName with EventName, User, PrincipalId"), "{message}");
    }
}

/// The published table, so that no pair is missed or invented.
#[test]
fn the_pairs_are_the_published_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/actiontrail-api.json");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    let facts: Value = serde_json::from_str(&text).expect("JSON");
    let rules = &facts["lookup_rules"]["LookupEvents"];
    let mut published = std::collections::BTreeSet::new();
    for (first, seconds) in rules["pairs"].as_object().expect("pairs") {
        for second in seconds.as_array().expect("keys") {
            published.extend([(first.as_str(), second.as_str().expect("a key"))]);
        }
    }
    for one in Attribute::ALL {
        for other in Attribute::ALL {
            let (one_name, other_name) = (one.as_str(), other.as_str());
            let allowed = published.contains(&(one_name, other_name)) || published.contains(&(other_name, one_name));
            assert_eq!(go_together(one, other), allowed, "{one_name} {other_name}");
        }
    }
    for ours in ["Region", "ErrorCode", "UserType", "EventCategory", "RecipientAccountId", "IdentityAccountId"] {
        assert!(asked(&[(ours, "x")]).is_ok() && asked(&[("ServiceName", "y"), (ours, "x")]).is_err(), "{ours}");
    }
    for key in rules["single_keys"].as_array().expect("keys") {
        assert!(asked(&[(key.as_str().expect("a key"), "x")]).is_ok(), "{key}");
    }
}

#[test]
fn windows_have_both_ends_or_neither_and_reach_back_as_far_as_the_history() {
    let at = |text: &str| Timestamp::parse(text).expect("a time");
    let now = at("2026-06-01T12:00:00Z");
    let history = now.minus(Duration::from_secs(90 * 86_400));
    let of = |query: &[(&str, &str)]| window(&arguments(query), now, history).map_err(|error| error.code.into_owned());

    let default = of(&[]).expect("the last seven days");
    assert_eq!((default.from, default.through), (at("2026-05-25T12:00:00Z"), Timestamp(now.0 + 999)));
    let given = of(&[("StartTime", "2026-05-01T00:00:00Z"), ("EndTime", "2026-05-02T00:00:00Z")]).expect("a day");
    assert_eq!(given.from, at("2026-05-01T00:00:00Z"));
    assert_eq!(given.through, Timestamp(at("2026-05-02T00:00:00Z").0 + 999), "the last second is inside");

    let refused = |query: &[(&str, &str)]| of(query).expect_err("refused");
    let start = ("StartTime", "2026-05-01T00:00:00Z");
    assert_eq!(refused(&[start]), "InvalidParameterCombination");
    assert_eq!(refused(&[("EndTime", "2026-05-01T00:00:00Z")]), "InvalidParameterCombination");
    assert_eq!(refused(&[start, ("EndTime", "2026-05-01T00:00:00Z")]), "InvalidParameterCombination");
    assert_eq!(refused(&[start, ("EndTime", "2026-04-01T00:00:00Z")]), "InvalidParameterCombination");
    let too_early = ("StartTime", "2026-03-01T00:00:00Z");
    assert_eq!(refused(&[too_early, ("EndTime", "2026-05-01T00:00:00Z")]), "InvalidParameterStartTime");
    let whole = ("StartTime", "2026-03-03T11:59:00Z");
    assert!(of(&[whole, ("EndTime", "2026-05-01T00:00:00Z")]).is_ok(), "a minute's delay is forgiven");
}
