use std::collections::BTreeSet;

use super::*;
use crate::rule::{Grouping, Rule};
use crate::schedule::Schedule;

fn tokens(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let store = [("default.project", "audit"), ("default.logstore", "actiontrail_all")];
    store.iter().chain(pairs).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn shared(path: &str) -> Value {
    let path = format!("{}/../../../shared/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}; the shared reference belongs beside the repository"));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_template_becomes_a_rule_in_both_languages() {
    assert!(templates().len() >= 53 + 20);
    let ids: BTreeSet<&str> = templates().iter().map(|template| template.id.as_str()).collect();
    assert_eq!(ids.len(), templates().len());
    for template in templates() {
        for language in ["cn", "en"] {
            let configuration = rule(&template.id, language, &tokens(&[])).unwrap();
            let text = configuration.to_string();
            assert!(!text.contains("{{"), "{}: a parameter without a value", template.id);
            let rule = Rule::parse(&configuration).unwrap_or_else(|error| panic!("{}: {error}", template.id));
            assert!(rule.annotations.iter().all(|(_, text)| !text.is_empty()));
            // What an alert says is in its row: each variable is a column of the query, or a place in an event.
            let has_sql = rule.queries[0].statement.as_ref().unwrap().sql.is_some();
            let is_there =
                |field: &str| if has_sql { columns(&template.query).contains(field) } else { is_in_events(field) };
            for (_, text) in &rule.annotations {
                for fields in text.split("${").skip(1).filter_map(|rest| rest.split('}').next()) {
                    assert!(fields.split('|').all(is_there), "{}: ${{{fields}}}", template.id);
                }
            }
            if let Grouping::Custom(fields) = &rule.grouping {
                assert!(fields.iter().all(|field| is_there(field)), "{}", template.id);
            }
            // Without SQL it fires on the stream, with every event it finds.
            assert!(has_sql || (template.condition.is_empty() && !template.group.is_empty()), "{}", template.id);
        }
        let is_chinese = |text: &str| text.chars().any(|each| ('\u{4e00}'..='\u{9fff}').contains(&each));
        for texts in [&template.name, &template.about, &template.message] {
            assert!(is_chinese(&texts.cn) && !is_chinese(&texts.en), "{}", template.id);
        }
        Schedule::parse(&template.schedule()).unwrap();
    }
}

fn is_in_events(path: &str) -> bool {
    let keys = ["userIdentity", "requestParameters", "requestParameterJson", "eventName", "sourceIpAddress"];
    path == "__pass_count__" || keys.contains(&path.split('.').next().unwrap())
}

/// The names a query gives its columns.
fn columns(query: &str) -> BTreeSet<&str> {
    query.split(" as ").skip(1).filter_map(|rest| rest.split([',', ' ', ')']).next()).collect()
}

#[test]
fn actiontrails_templates_are_the_published_ones() {
    let facts = shared("reference/alert-templates.json");
    let facts = facts["templates"].as_array().unwrap();
    assert_eq!(facts.len(), 53);
    for fact in facts {
        let id = fact["template_id"].as_str().unwrap();
        let template = template(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!(Value::from(template.severity.number()), fact["severity"], "{id}");
        assert_eq!(json!(template.group), fact["group_by"], "{id}");
        assert_eq!(template.name.en, fact["source_name"].as_str().unwrap(), "{id}");
        assert_eq!(format!("-{}", template.window), fact["window"].as_str().unwrap(), "{id}");
        assert_eq!(template.interval, fact["interval"].as_str().unwrap(), "{id}");
        for list in ["services", "event_names", "error_codes", "request_params_read"] {
            for name in fact[list].as_array().unwrap() {
                assert!(template.query.contains(name.as_str().unwrap()), "{id}: {name}");
            }
        }
    }
}

/// Names that Cairn's catalogue does not have: events of services it has no list for, of older API versions, or as other
/// clouds' events are called after conversion.
const NOT_IN_THE_CATALOGUE: &[&str] = &[
    "AddRoleToInstanceProfile",
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "AuthorizeSecurityGroupIngress",
    "CancelAutoSnapshotPolicy",
    "ConfigureSecurityGroupPermissions",
    "CopySnapshot",
    "CreateNetworkAclEntry",
    "CreateOIDCProvider",
    "CreateTrustAnchor",
    "DeactivateMFADevice",
    "DeactiveFlowLog",
    "DeleteBackup",
    "DeleteBackups",
    "DeleteBucketLogging",
    "DeleteDBSnapshot",
    "DeleteFlowLogs",
    "DeleteKeyMaterial",
    "DeleteLogGroup",
    "DeleteSnapshotGroup",
    "ExportImage",
    "ExportSnapshot",
    "LeaveOrganization",
    "ModifyDBSnapshotAttribute",
    "ModifyImageAttribute",
    "ModifySecurityGroupPolicy",
    "ModifySlsDispatchStatus",
    "PutEventSelectors",
    "PutUserPolicy",
    "SendCommand",
    "SendFile",
    "SharedSnapshotVolumeCreated",
    "StartTerminalSession",
    "UpdateAssumeRolePolicy",
    "UpdateAssumeRolePolicyDocument",
    "UpdateOIDCProvider",
    "UpdateSAMLProvider",
];

#[test]
fn own_templates_name_events_that_exist() {
    let services: Value = serde_json::from_str(include_str!("../../../../api/data/services.json")).unwrap();
    let mut known: BTreeSet<&str> = NOT_IN_THE_CATALOGUE.iter().copied().collect();
    let mut in_catalogue = BTreeSet::new();
    let mut service_names = BTreeSet::new();
    for service in services.as_array().unwrap() {
        service_names.insert(service["ServiceName"].as_str().unwrap());
        for list in ["EventNames", "DataEventNames"] {
            in_catalogue.extend(service[list].as_array().unwrap().iter().filter_map(Value::as_str));
        }
    }
    let values = |query: &'static str, key: &'static str| {
        let search = query.split(" | ").next().unwrap();
        search.split(key).skip(1).filter_map(|rest| rest.split([' ', ')']).next()).collect::<Vec<&str>>()
    };
    let own = templates().iter().filter(|template| template.id.starts_with("cairn."));
    let mut used = BTreeSet::new();
    for template in own {
        for event in values(&template.query, "event.eventName: ") {
            used.insert(event);
            let is_known = match event.strip_suffix('*') {
                Some(start) => in_catalogue.iter().any(|name| name.starts_with(start)) || start == "Terminate",
                None => in_catalogue.contains(event) || known.contains(event),
            };
            assert!(is_known, "{}: {event}", template.id);
        }
        for service in values(&template.query, "event.serviceName: ") {
            assert!(service_names.contains(service), "{}: {service}", template.id);
        }
    }
    known.retain(|name| in_catalogue.contains(name) || !used.contains(name));
    assert!(known.is_empty(), "no longer exceptions: {known:?}");
}

#[test]
fn tokens_fill_what_they_name() {
    let id = "sls.app.actiontrail.cis.at.root_login";
    let tokens = tokens(&[
        ("default.severity", "10"),
        ("default.repeatInterval", "1h"),
        ("default.action_policy", "ops.team"),
        ("default.region", "cn-hangzhou"),
        ("sendResolved", "true"),
        ("signins", "2"),
        ("nobody.knows", "x"),
    ]);
    let configuration = rule(id, "en", &tokens).unwrap();
    let rule = Rule::parse(&configuration).unwrap();
    assert_eq!(rule.severities[0].severity, Severity::Critical);
    assert_eq!(rule.severities[0].check.condition.as_ref().unwrap().text(), "cnt > 2");
    assert_eq!((rule.policy.action_policy.as_str(), rule.policy.repeat_interval.as_str()), ("ops.team", "1h"));
    assert_eq!((rule.queries[0].project.as_str(), rule.queries[0].store_name.as_str()), ("audit", "actiontrail_all"));
    assert!(rule.sends_resolved);
    // The same through the rule's own type.
    let reference = json!({"version": "2.0", "type": "tpl", "muteUntil": 5,
        "templateConfiguration": {"id": id, "type": "sys", "lang": "en", "tokens": tokens}});
    let read = Rule::parse(&reference).unwrap();
    assert_eq!((read.template.as_deref(), read.mute_until.map(|until| until.0)), (Some(id), Some(5000)));
    assert_eq!((read.queries, read.severities), (rule.queries, rule.severities));
    let with_own_words = json!({"id": id, "tokens": {"default.logstore": "s"},
        "annotations": {"title": "mine ${cnt}"}, "aonotations": {"more": "x"}});
    let annotations =
        Rule::parse(&json!({"type": "tpl", "templateConfiguration": with_own_words})).unwrap().annotations;
    let of = |key: &str| {
        annotations.iter().filter(|(each, _)| each == key).map(|(_, text)| text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((of("title"), of("more"), of("desc").len()), (vec!["mine ${cnt}"], vec!["x"], 1));
}

#[test]
fn refuses_by_name() {
    let id = "sls.app.actiontrail.cis.at.root_login";
    let expand = |id: &str, kind: &str, lang: &str, tokens: Value| {
        let reference =
            json!({"type": "tpl", "templateConfiguration": {"id": id, "type": kind, "lang": lang, "tokens": tokens}});
        Rule::parse(&reference).unwrap_err()
    };
    let store = || json!({"default.logstore": "s"});
    assert_eq!(expand("sls.app.ack.x", "sys", "en", store()).field, "configuration.templateConfiguration.id");
    assert_eq!(expand(id, "user", "en", store()).field, "configuration.templateConfiguration.type");
    assert_eq!(expand(id, "sys", "de", store()).field, "configuration.templateConfiguration.lang");
    assert!(expand(id, "sys", "cn", json!({})).message.contains("default.logstore"));
    assert!(expand(id, "", "", json!({"default.logstore": "s", "default.severity": "7"})).message.contains("severity"));
    let quoted = json!({"default.logstore": "s", "signins": "1' or '1"});
    assert!(expand(id, "", "", quoted).message.contains("token signins must be letters"));
    let none = json!({"type": "tpl"});
    assert_eq!(Rule::parse(&none).unwrap_err().field, "configuration.templateConfiguration");
}

#[test]
fn the_page_lists_every_template() {
    let page = include_str!("../../../../../docs/book/alert-rules-builtin.md");
    for template in templates() {
        let id = template.id.strip_prefix("sls.app.actiontrail.").or(template.id.strip_prefix("cairn.")).unwrap();
        let line = page.lines().find(|line| line.starts_with(&format!("| `{id}` | {} |", template.about.en)));
        let line = line.unwrap_or_else(|| panic!("{id} is not on the page as it is"));
        let at_once = if template.query.contains(" | select ") { "" } else { "at once, " };
        assert!(line.ends_with(&format!("| {at_once}{} / {} |", template.interval, template.window)), "{id}");
        assert!(line.contains(&format!("| {} |", template.severity.number())), "{id}");
        for (name, value) in &template.parameters {
            assert!(line.contains(&format!("{name} = {value}")), "{id}");
        }
    }
}

#[test]
fn plain_searches_are_on_the_stream() {
    let on_stream = templates().iter().filter(|template| {
        let rule = Rule::parse(&rule(&template.id, "en", &tokens(&[])).unwrap()).unwrap();
        let how = crate::stream::on_stream(&rule);
        let has_sql = template.query.contains(" | ");
        assert_eq!(how.is_ok(), !has_sql, "{}: {how:?}", template.id);
        how.is_ok()
    });
    assert_eq!(on_stream.count(), 16);
}
