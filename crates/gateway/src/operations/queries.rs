//! Saved queries, and the ready-made ones of the release. They are kept here; they run where the events are searched.

use api::{Success, WireError, catalogue, codes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::{CatalogError, QueryTemplate, SavedQuery};
use serde_json::{Value, json};

use super::windows;
use super::{Call, Outcome};
use crate::fault::unexpected;

/// Templates of an account at most.
const TEMPLATES_MAX: usize = 200;
/// Queries an account's history holds.
const HISTORY_MAX: usize = 100;

/// An id: a word and 22 characters.
fn new_id(call: &Call<'_>, word: &str) -> String {
    let mut bytes = [0; 16];
    call.gateway.random.fill(&mut bytes);
    format!("{word}-{}", URL_SAFE_NO_PAD.encode(bytes))
}

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let now = call.request.received;
    let template = QueryTemplate {
        id: new_id(call, "utpl"),
        account: call.account,
        name: call.arguments.text("TemplateName").unwrap_or_default().to_owned(),
        query: call.arguments.required("TemplateSql").to_owned(),
        simple: call.arguments.flag("SimpleQuery"),
        created: now,
        updated: now,
    };
    match call.gateway.catalog.query_template_create(&template, TEMPLATES_MAX).await {
        Ok(()) => Ok(changed(&template)),
        Err(CatalogError::LimitReached { .. }) => Err(codes::MAXIMUM_NUMBER_OF_TEMPLATES_EXCEEDED
            .because(format!("The account has {TEMPLATES_MAX} query templates already; delete one first."))),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let id = arguments.required("TemplateId");
    let template = find(call, id).await?.ok_or_else(|| unknown(id))?;
    let template = QueryTemplate {
        name: arguments.text("TemplateName").map_or(template.name, str::to_owned),
        query: arguments.text("TemplateSql").map_or(template.query, str::to_owned),
        simple: arguments.flag("SimpleQuery"),
        updated: call.request.received,
        ..template
    };
    match call.gateway.catalog.query_template_update(&template).await {
        Ok(()) => Ok(changed(&template)),
        Err(CatalogError::NotFound { .. }) => Err(unknown(id)),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let Some(id) = call.arguments.text("TemplateId") else {
        let message = "The parameter TemplateId is required and was not given or is empty.";
        return Err(codes::MISSING_PARAMETER.because(message));
    };
    match call.gateway.catalog.query_template_delete(call.account, id).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(unknown(id)),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let found = find(call, call.arguments.required("TemplateId")).await?;
    Ok(found.map_or_else(Success::empty, |template| Success::from_object(&shown(&template))))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let all = call.gateway.catalog.query_template_list(call.account).await;
    let mut all = all.map_err(|error| unexpected(&error, error.kind()))?;
    let part = call.arguments.text("TemplateName").map(str::to_lowercase);
    all.retain(|template| part.as_ref().is_none_or(|part| template.name.to_lowercase().contains(part)));
    let (number, size) = (windows::count(call, "PageNumber"), windows::count(call, "PageSize"));
    let page: Vec<Value> = all.iter().skip((number - 1) * size).take(size).map(shown).collect();
    // Numbers are texts here, as the service has it.
    Ok(Success::from_object(&json!({
        "TemplatePage": {
            "PageNumber": number.to_string(),
            "PageSize": size.to_string(),
            "Total": all.len(),
            "TemplateList": page,
        },
    })))
}

async fn find(call: &Call<'_>, id: &str) -> Result<Option<QueryTemplate>, WireError> {
    let found = call.gateway.catalog.query_template_find(call.account, id).await;
    found.map_err(|error| unexpected(&error, error.kind()))
}

fn unknown(id: &str) -> WireError {
    let shown: String = id.chars().take(64).collect();
    codes::RESOURCE_NOT_FOUND.because(format!("There is no query template {shown:?}."))
}

fn shown(template: &QueryTemplate) -> Value {
    json!({
        "TemplateId": template.id,
        "TemplateName": template.name,
        "TemplateSql": template.query,
        "SimpleQuery": template.simple,
    })
}

/// What a change answers: as it is shown, but whether it is simple is a text there.
fn changed(template: &QueryTemplate) -> Success {
    let mut fields = shown(template);
    fields["SimpleQuery"] = template.simple.to_string().into();
    Success::from_object(&fields)
}

pub(super) async fn remember(call: &Call<'_>) -> Outcome {
    let Some(query) = call.arguments.text("QuerySql") else {
        let message = "The parameter QuerySql is required and was not given or is empty.";
        return Err(codes::MISSING_PARAMETER.because(message));
    };
    let simple = call.arguments.flag("SimpleQuery");
    let fault = check(query, simple).err();
    let mut reply =
        json!({ "QuerySql": query, "SimpleQuery": simple, "DryRunResult": fault.as_deref().unwrap_or("OK") });
    if !call.arguments.flag("DryRun") {
        if let Some(fault) = fault {
            return Err(codes::INVALID_QUERY_PARAMETER.because(format!("QuerySql {fault}.")));
        }
        let saved = SavedQuery {
            id: new_id(call, "query"),
            account: call.account,
            query: query.to_owned(),
            simple,
            created: call.request.received,
        };
        let kept = call.gateway.catalog.query_history_add(&saved, HISTORY_MAX).await;
        kept.map_err(|error| unexpected(&error, error.kind()))?;
        reply["QueryId"] = saved.id.into();
    }
    Ok(Success::from_object(&reply))
}

/// Whether a text can be a query at all: its brackets and quotes close, and a simple one has no SQL.
fn check(query: &str, simple: bool) -> Result<(), String> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for symbol in query.chars() {
        match (quote, symbol) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(symbol),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1).ok_or("closes a bracket that was not opened")?,
            (None, '|') if simple => return Err("is simple and has a |".to_owned()),
            _ => {}
        }
    }
    match (quote, depth) {
        (Some(open), _) => Err(format!("has a {open} that is not closed")),
        (None, 0) => Ok(()),
        (None, depth) => Err(format!("has {depth} brackets that are not closed")),
    }
}

pub(super) async fn history(call: &Call<'_>) -> Outcome {
    let all = call.gateway.catalog.query_history_list(call.account).await;
    let all = all.map_err(|error| unexpected(&error, error.kind()))?;
    let shown = |saved: &SavedQuery| {
        json!({
            "QueryId": saved.id,
            "QuerySql": saved.query,
            "SimpleQuery": saved.simple,
            "TimeStamp": saved.created.0.to_string(),
        })
    };
    Ok(Success::from_object(&json!({ "QueryHistoryList": all.iter().map(shown).collect::<Vec<Value>>() })))
}

pub(super) async fn forget(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("QueryId");
    match call.gateway.catalog.query_history_delete(call.account, id).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => {
            let shown: String = id.chars().take(64).collect();
            Err(codes::RESOURCE_NOT_FOUND.because(format!("There is no query {shown:?} in the history.")))
        }
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

/// The scenes whose name or description has the text in it, in any case.
pub(super) fn scenes(call: &Call<'_>) -> Outcome {
    let part = call.arguments.text("SearchCode").map(str::to_lowercase);
    let has = |text: &str| part.as_ref().is_none_or(|part| text.to_lowercase().contains(part));
    let wanted = catalogue::scenes().iter().filter(|scene| {
        [&scene.name, &scene.name_zh, &scene.description, &scene.token].into_iter().any(|text| has(text))
    });
    let shown = wanted.map(|scene| {
        json!({
            "SceneId": scene.scene_id,
            "Name": scene.name,
            "Description": scene.description,
            "Token": scene.token,
            "Type": scene.r#type,
        })
    });
    Ok(Success::from_object(&json!({ "SceneList": shown.collect::<Vec<Value>>() })))
}

pub(super) fn search_templates(call: &Call<'_>) -> Outcome {
    let id = call.arguments.required("SceneId");
    let (number, size) = (windows::count(call, "PageNumber"), windows::count(call, "PageSize"));
    let scene = catalogue::scenes().iter().find(|scene| scene.scene_id == id);
    let templates = scene.map(|scene| scene.templates.as_slice()).unwrap_or_default();
    let shown = templates.iter().skip((number - 1) * size).take(size).map(|template| {
        json!({
            "TemplateId": template.template_id,
            "TemplateName": template.name,
            "Description": template.name,
            "SceneId": id,
            "Token": template.token,
            "Type": "audit",
            "Params": params(&template.params),
            "Sql": template.sql,
            // Nothing is drawn; clients expect the field.
            "Charts": "[]",
        })
    });
    let list: Vec<Value> = shown.collect();
    Ok(Success::from_object(
        &json!({ "PageNumber": number, "PageSize": size, "Total": templates.len(), "TemplateList": list }),
    ))
}

/// A template's fields as clients show them: each joined to the one before.
fn params(params: &[catalogue::SearchParam]) -> String {
    let shown = params.iter().enumerate().map(|(place, param)| {
        let mut shown = json!({
            "key": param.key,
            "value": param.value,
            "type": "system",
            "display": true,
            "displayKey": param.key,
            "displayValue": param.value,
            "displayValueEn": param.value,
        });
        if place > 0 {
            shown["oper"] = "AND".into();
        }
        shown
    });
    Value::from(shown.collect::<Vec<Value>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_cannot_be_queries_are_told() {
        for good in ["", "event.eventName: *", "(a and \"b)\") | SELECT count(1) WHERE x = 'it\\'s ('"] {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        for bad in ["(a", "a)", "\"a", "count('x"] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        assert!(check("a | SELECT 1", true).is_err() && check("a: \"|\"", true).is_ok());
    }
}
