//! From a configuration to a [`Rule`].

use model::Timestamp;
use serde_json::Value;

use super::reader::Reader;
use super::{
    Check, Grouping, Join, JoinKind, Policy, QUERIES_MAX, Query, Rule, RuleError, SeverityCheck, StoreType, legacy,
    range,
};
use crate::Severity;
use crate::builtin::rules;
use crate::condition::Condition;
use crate::schedule::duration_seconds;

pub(super) fn rule(configuration: &Value) -> Result<Rule, RuleError> {
    let reader = Reader::new("configuration", configuration)?;
    match reader.text("type")?.unwrap_or_default().as_str() {
        "" | "default" => {}
        "tpl" => return from_template(&reader),
        _ => return Err(reader.error("type", "must be default or tpl")),
    }
    // Version 1 has no version, or "1.0"; some clients leave the version out of others, too.
    let version = reader.text("version")?.unwrap_or_default();
    let has_severities = !reader.objects("severityConfigurations")?.is_empty();
    let is_second = version.starts_with('2') || (version.is_empty() && has_severities);
    if is_second { second(&reader) } else { first(&reader) }
}

fn from_template(reader: &Reader<'_>) -> Result<Rule, RuleError> {
    let Some(template) = reader.object("templateConfiguration")? else {
        return Err(reader.error("templateConfiguration", "is required"));
    };
    let id = template.required_text("id")?;
    let expanded = rules::expand(reader.get("templateConfiguration").unwrap_or(&Value::Null))
        .map_err(|error| template.error(error.field(), &error.to_string()))?;
    let mut rule = second(&Reader::new("configuration", &expanded)?)?;
    rule.mute_until = mute_until(reader)?;
    rule.template = Some(id);
    Ok(rule)
}

fn second(reader: &Reader<'_>) -> Result<Rule, RuleError> {
    let queries = queries(reader)?;
    let joins = joins(reader, queries.len())?;
    let mut severities = Vec::new();
    for each in reader.objects("severityConfigurations")? {
        let check = each.object("evalCondition")?.map(|check| read_check(&check)).transpose()?.unwrap_or_default();
        severities.push(SeverityCheck { severity: severity(&each, "severity")?, check });
    }
    if severities.is_empty() {
        severities.push(SeverityCheck { severity: Severity::Medium, check: Check::default() });
    }
    let overall = reader.object("conditionConfiguration")?.map(|check| read_check(&check)).transpose()?;
    let has_no_data_alert = reader.flag("noDataFire")?.unwrap_or(false);
    let no_data = match reader.get("noDataSeverity") {
        Some(_) if has_no_data_alert => Some(severity(reader, "noDataSeverity")?),
        _ => has_no_data_alert.then_some(Severity::Medium),
    };
    Ok(Rule {
        queries,
        joins,
        grouping: grouping(reader)?,
        severities,
        overall: overall.unwrap_or_default(),
        threshold: threshold(reader, "threshold")?,
        no_data,
        sends_resolved: reader.flag("sendResolved")?.unwrap_or(false),
        has_auto_annotation: reader.flag("autoAnnotation")?.unwrap_or(false),
        labels: pairs(reader, "labels")?,
        annotations: pairs(reader, "annotations")?,
        mute_until: mute_until(reader)?,
        policy: policy(reader)?,
        dashboard: reader.text("dashboard")?.unwrap_or_default(),
        legacy: None,
        template: None,
    })
}

fn first(reader: &Reader<'_>) -> Result<Rule, RuleError> {
    let queries = queries(reader)?;
    let condition = condition(reader, "condition")?;
    let joins = vec![Join { kind: JoinKind::Cross, condition: None }; queries.len() - 1];
    let check = Check { condition, count: None };
    Ok(Rule {
        queries,
        joins,
        grouping: Grouping::NoGroup,
        severities: vec![SeverityCheck { severity: Severity::Medium, check }],
        overall: Check::default(),
        threshold: threshold(reader, "notifyThreshold")?,
        no_data: None,
        sends_resolved: reader.flag("sendRecoveryMessage")?.unwrap_or(false),
        has_auto_annotation: false,
        labels: Vec::new(),
        annotations: Vec::new(),
        mute_until: mute_until(reader)?,
        policy: Policy { alert_policy: String::new(), action_policy: String::new(), repeat_interval: String::new() },
        dashboard: reader.text("dashboard")?.unwrap_or_default(),
        legacy: Some(legacy::read(reader)?),
        template: None,
    })
}

fn queries(reader: &Reader<'_>) -> Result<Vec<Query>, RuleError> {
    let objects = reader.objects("queryList")?;
    if objects.is_empty() || objects.len() > QUERIES_MAX {
        return Err(reader.error("queryList", "must have 1 to 3 queries"));
    }
    objects.iter().map(query).collect()
}

fn query(reader: &Reader<'_>) -> Result<Query, RuleError> {
    let store = match reader.text("storeType")?.unwrap_or_default().as_str() {
        "" | "log" => StoreType::Log,
        "metric" => StoreType::Metric,
        "meta" => StoreType::Meta,
        _ => return Err(reader.error("storeType", "must be log, metric or meta")),
    };
    // Version 1 says `logStore`.
    let store_name = match reader.text("store")?.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => reader
            .text("logStore")?
            .filter(|name| !name.is_empty())
            .ok_or_else(|| reader.error("store", "is required"))?,
    };
    let text = reader.text("query")?.unwrap_or_default();
    let statement = (store == StoreType::Log).then(|| query::parse(&text)).transpose();
    let statement = statement.map_err(|error| reader.error("query", &error.to_string()))?;
    let range = match store {
        // Records are as they are now.
        StoreType::Meta => super::TimeRange::last(1),
        StoreType::Log | StoreType::Metric => range::read(reader)?,
    };
    let sql_mode = reader.text("powerSqlMode")?.unwrap_or_default();
    if !matches!(sql_mode.as_str(), "" | "auto" | "enable" | "disable") {
        return Err(reader.error("powerSqlMode", "must be auto, enable or disable"));
    }
    Ok(Query {
        store,
        region: reader.text("region")?.unwrap_or_default(),
        project: reader.text("project")?.unwrap_or_default(),
        store_name,
        text,
        statement,
        range,
        role: reader.text("roleArn")?.unwrap_or_default(),
        dashboard: reader.text("dashboardId")?.unwrap_or_default(),
        chart: reader.text("chartTitle")?.unwrap_or_default(),
    })
}

fn joins(reader: &Reader<'_>, queries: usize) -> Result<Vec<Join>, RuleError> {
    let objects = reader.objects("joinConfigurations")?;
    if objects.len() != queries - 1 {
        // A lone query may carry one that joins nothing; console exports do.
        let is_idle = queries == 1 && objects.len() == 1;
        if !is_idle {
            return Err(reader.error("joinConfigurations", "join configurations and query count should be equal"));
        }
        return Ok(Vec::new());
    }
    objects.iter().map(join).collect()
}

fn join(reader: &Reader<'_>) -> Result<Join, RuleError> {
    let name = reader.required_text("type")?;
    let known = JoinKind::ALL.into_iter().find(|(_, known)| *known == name);
    let (kind, _) = known.ok_or_else(|| {
        let names: Vec<&str> = JoinKind::ALL.iter().map(|(_, name)| *name).collect();
        reader.error("type", &format!("must be one of {}", names.join(", ")))
    })?;
    let condition = condition(reader, "condition")?;
    if kind.has_condition() && condition.is_none() {
        return Err(reader.error("condition", "is required, for example $0.id == $1.id"));
    }
    Ok(Join { kind, condition: condition.filter(|_| kind.has_condition()) })
}

fn grouping(reader: &Reader<'_>) -> Result<Grouping, RuleError> {
    let Some(group) = reader.object("groupConfiguration")? else { return Ok(Grouping::NoGroup) };
    match group.text("type")?.unwrap_or_default().as_str() {
        "" | "no_group" => Ok(Grouping::NoGroup),
        "labels_auto" => Ok(Grouping::LabelsAuto),
        "custom" => {
            let fields: Vec<String> = group.texts("fields")?.into_iter().filter(|field| !field.is_empty()).collect();
            if fields.is_empty() {
                return Err(group.error("fields", "must name at least one field"));
            }
            Ok(Grouping::Custom(fields))
        }
        _ => Err(group.error("type", "must be no_group, custom or labels_auto")),
    }
}

fn severity(reader: &Reader<'_>, field: &str) -> Result<Severity, RuleError> {
    let number = reader.integer(field)?.and_then(|number| u8::try_from(number).ok());
    let severity = number.and_then(|number| Severity::try_from(number).ok());
    severity.ok_or_else(|| reader.error(field, "must be 2, 4, 6, 8 or 10"))
}

fn read_check(reader: &Reader<'_>) -> Result<Check, RuleError> {
    let count = condition(reader, "countCondition")?;
    if count.as_ref().is_some_and(|count| count.fields().iter().any(|field| field.name != "__count__")) {
        return Err(reader.error("countCondition", "knows no field but __count__"));
    }
    Ok(Check { condition: condition(reader, "condition")?, count })
}

fn condition(reader: &Reader<'_>, field: &str) -> Result<Option<Condition>, RuleError> {
    let Some(text) = reader.text(field)?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    Condition::parse(&text).map(Some).map_err(|error| reader.error(field, &error.to_string()))
}

fn threshold(reader: &Reader<'_>, field: &str) -> Result<u32, RuleError> {
    let number = reader.integer(field)?.unwrap_or(1);
    u32::try_from(number).ok().filter(|number| *number >= 1).ok_or_else(|| reader.error(field, "must be at least 1"))
}

fn pairs(reader: &Reader<'_>, field: &str) -> Result<Vec<(String, String)>, RuleError> {
    let pair = |each: &Reader<'_>| Ok((each.required_text("key")?, each.text("value")?.unwrap_or_default()));
    reader.objects(field)?.iter().map(pair).collect()
}

fn mute_until(reader: &Reader<'_>) -> Result<Option<Timestamp>, RuleError> {
    let seconds = reader.integer("muteUntil")?.filter(|seconds| *seconds > 0);
    Ok(seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000)).min(Timestamp::MAX)))
}

fn policy(reader: &Reader<'_>) -> Result<Policy, RuleError> {
    let given = reader.object("policyConfiguration")?;
    let text = |field: &str, default: &str| -> Result<String, RuleError> {
        let text = given.as_ref().map(|given| given.text(field)).transpose()?.flatten();
        Ok(text.filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned()))
    };
    let policy = Policy {
        alert_policy: text("alertPolicyId", "sls.builtin.dynamic")?,
        action_policy: text("actionPolicyId", "sls.builtin")?,
        repeat_interval: text("repeatInterval", "")?,
    };
    if let Some(given) = given.filter(|_| !policy.repeat_interval.is_empty())
        && duration_seconds(&policy.repeat_interval).is_none()
    {
        return Err(given.error("repeatInterval", "must be a number and s, m, h or d, for example 2h"));
    }
    Ok(policy)
}
