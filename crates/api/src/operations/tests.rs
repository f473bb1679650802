use std::collections::BTreeSet;

use super::*;
use crate::codes;
use crate::operation::{Access, Scope, Service};
use crate::param::{Absent, Kind};
use crate::{Arguments, Given, fill_arn};

#[test]
fn names_are_unique_within_a_service_and_versions_tell_services_apart() {
    let names: BTreeSet<_> = OPERATIONS.iter().map(|row| (row.service.version(), row.name)).collect();
    assert_eq!(names.len(), OPERATIONS.len());
    let is_named = |row: &Operation| {
        // Two services may have an operation of the same name.
        let id = format!("{:?}", row.id);
        id == row.name || id == format!("{}{}", row.service.as_str(), row.name)
    };
    assert!(OPERATIONS.iter().all(is_named), "a row is named as its id");
}

#[test]
fn templates_and_touched_resources_name_parameters_of_the_row() {
    for row in OPERATIONS {
        for template in row.resources {
            fill_arn(template, |name| {
                let known = matches!(name, "region" | "home" | "account") || row.param(name).is_some();
                assert!(known, "{}: {{{name}}} is neither a place nor a parameter", row.name);
                None
            });
        }
        for touched in row.touches {
            assert!(row.param(touched.param).is_some(), "{}: no parameter {}", row.name, touched.param);
        }
        let open = row.name == "GetCallerIdentity";
        assert_eq!(row.resources.is_empty(), open, "{}: a call without resource is everybody's", row.name);
        assert!(row.summary.ends_with('.'), "{}", row.name);
    }
}

#[test]
fn defaults_keep_their_own_rules() {
    let every: Vec<_> = OPERATIONS
        .iter()
        .map(|row| row.params)
        .chain(crate::rest::REST_OPERATIONS.iter().map(|row| row.params))
        .collect();
    for params in every {
        let filled: Vec<_> = params
            .iter()
            .filter_map(|param| match param.absent {
                Absent::Value(value) => Some((param.name.to_owned(), value.to_owned())),
                _ => None,
            })
            .collect();
        let refusal = Arguments::check(params, &Given::new(filled), codes::INVALID_PARAMETER, None).err();
        assert!(refusal.is_none_or(|error| error.code == "MissingParameter"));
        for param in params {
            let Kind::List { fields, .. } = param.kind else { continue };
            assert!(fields.iter().all(|field| !matches!(field.kind, Kind::List { .. })), "lists do not nest");
        }
    }
}

#[test]
fn scopes_and_secrets_are_marked() {
    for row in OPERATIONS {
        let names_account = row.param("AccountId").is_some()
            && row.name != "CreateAccount"
            // There it is a member of the caller's directory, not the account acted for.
            && row.service != Service::ResourceManager;
        assert_eq!(row.scope == Scope::Named, names_account, "{}", row.name);
        for param in row.params {
            let sounds_secret =
                ["Secret", "SecurityToken", "AuthenticationCode"].iter().any(|word| param.name.contains(word))
                    || ["Password", "NewPassword", "OldPassword", "Users"].contains(&param.name);
            assert_eq!(param.secret, sounds_secret, "{} {}", row.name, param.name);
        }
        let verbs = [
            "Describe", "Get", "List", "Lookup", "Check", "Echo", "Help", "Test", "Explain", "Preview", "Export",
            "Draw",
        ];
        let looks = verbs.iter().any(|verb| row.name.starts_with(verb));
        assert_eq!(row.access == Access::Read, looks, "{}", row.name);
    }
}

#[test]
fn parameters_named_like_the_requests_own_do_not_occur() {
    for row in OPERATIONS {
        for own in ["Action", "Version", "Format", "RegionId", "AccessKeyId", "Signature", "Timestamp", "SecurityToken"]
        {
            assert!(row.param(own).is_none(), "{} {own}", row.name);
        }
    }
    assert_eq!(Service::ALL.len(), 7);
}

/// The published operations of ActionTrail take every parameter and know every code that is published for them.
#[test]
fn the_published_parameters_and_codes_are_all_there() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/actiontrail-api.json");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    let published: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    // Not reachable: one bucket per trail, no Logstores, and signatures are checked elsewhere.
    let unreachable = ["RepeatOssBucket", "InsufficientSlsPolicyException", "IncompleteSignature"];
    for row in OPERATIONS.iter().filter(|row| row.service == Service::Actiontrail) {
        let operations = published["operations"].as_array().expect("a list");
        let Some(facts) = operations.iter().find(|each| each["name"] == row.name) else {
            let console_only = published["console_only"].as_array().expect("a list");
            assert!(console_only.iter().any(|each| each["name"] == row.name), "{} is not published", row.name);
            continue;
        };
        for param in facts["request"].as_array().expect("a list") {
            let name = param["name"].as_str().expect("a name");
            let ours = row.param(name).unwrap_or_else(|| panic!("{} lacks {name}", row.name));
            assert_eq!(ours.absent == Absent::Refused, param["required"] == true, "{} {name}", row.name);
        }
        for code in facts["errors"].as_object().expect("statuses").iter() {
            for name in code.1.as_array().expect("codes").iter().filter_map(|name| name.as_str()) {
                let ours = row.errors.iter().find(|ours| ours.code == name);
                // A job outlives its trail here and says that it is gone.
                let of_job = (row.name, name) == ("GetDeliveryHistoryJob", "TrailNotFoundException");
                assert!(ours.is_some() || of_job || unreachable.contains(&name), "{} lacks {name}", row.name);
                assert!(ours.is_none_or(|ours| ours.status.to_string() == *code.0), "{} {name}", row.name);
            }
        }
    }
}
