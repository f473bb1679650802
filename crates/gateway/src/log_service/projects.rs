//! Projects: names that Logstores are in.

use catalog::{Project, ProjectKind};
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sls::{Fault, fault};

use super::reply::Reply;
use super::{Call, ours, told};
use crate::request::Request;

/// Characters of a description; Log Service's own limit.
const DESCRIPTION_MAX: usize = 512;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    project_name: Option<String>,
    description: Option<String>,
}

/// The project a body names.
pub(super) fn name_in_body(request: &Request) -> Option<String> {
    let wish: Wish = serde_json::from_slice(&request.body).ok()?;
    wish.project_name.filter(|name| !name.is_empty())
}

/// The fields of a JSON body.
pub(super) fn body<'r, T: Deserialize<'r>>(request: &'r Request) -> Result<T, Fault> {
    let read = serde_json::from_slice(&request.body);
    read.map_err(|error| fault::POST_BODY_INVALID.because(format!("The body is not the JSON it should be: {error}")))
}

/// A page of a list.
pub(super) fn page<T>(
    call: &Call<'_>,
    all: Vec<T>,
    size_default: usize,
    size_max: usize,
) -> Result<(usize, Vec<T>), Fault> {
    let number = |name: &str, default: usize| match call.parameter(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| {
            fault::PARAMETER_INVALID.because(format!("The parameter {name} must be a non-negative integer"))
        }),
    };
    let (offset, size) = (number("offset", 0)?, number("size", size_default)?.min(size_max));
    let total = all.len();
    Ok((total, all.into_iter().skip(offset).take(size).collect()))
}

/// `2020-11-18 16:55:57`
fn civil(at: Timestamp) -> String {
    let (year, month, day, hour, minute, second) = at.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

fn shown(project: &Project) -> Value {
    json!({
        "projectName": project.name,
        "description": project.description,
        "owner": project.account.as_str(),
        "region": project.region,
        "status": "Normal",
        "createTime": civil(project.created),
        "lastModifyTime": civil(project.updated),
        "resourceGroupId": "",
    })
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let mut projects = call.gateway.catalog.project_list(call.caller.account).await.map_err(ours)?;
    if let Some(part) = call.parameter("projectName") {
        projects.retain(|project| project.name.contains(part));
    }
    let (total, projects) = page(call, projects, 500, 500)?;
    let shown: Vec<Value> = projects.iter().map(shown).collect();
    Ok(Reply::json(&json!({ "count": shown.len(), "total": total, "projects": shown })))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let name = call.project_named().unwrap_or_default();
    if !is_name(&name) {
        let message = format!(
            "The project name {name:?} is invalid: 3 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends"
        );
        return Err(fault::PARAMETER_INVALID.because(message));
    }
    let description = described(wish.description)?;
    let (now, account) = (call.request.received, call.caller.account);
    let project = Project {
        account,
        name: name.clone(),
        region: call.request.region.id.clone(),
        description,
        kind: ProjectKind::Embedded,
        sealed_settings: Vec::new(),
        created: now,
        updated: now,
    };
    let created = call.gateway.catalog.project_create(&project).await;
    let what = format!("Project {name}");
    created.map_err(|error| told(error, fault::PARAMETER_INVALID, fault::PROJECT_ALREADY_EXIST, &what))?;
    Ok(Reply::empty())
}

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    Ok(Reply::json(&shown(&call.project().await?)))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let project = call.project().await?;
    let description = described(wish.description)?;
    let (catalog, now) = (&call.gateway.catalog, call.request.received);
    catalog.project_update(project.account, &project.name, &description, now).await.map_err(ours)?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let project = call.project().await?;
    let catalog = &call.gateway.catalog;
    let deleted = catalog.project_delete(project.account, &project.name, project.kind).await;
    deleted.map_err(|error| match error {
        in_use @ catalog::CatalogError::InUse { .. } => fault::PROJECT_NOT_EMPTY.because(in_use.to_string()),
        other => ours(other),
    })?;
    catalog.log_service_forget(project.account, &project.name).await.map_err(ours)?;
    Ok(Reply::empty())
}

fn described(description: Option<String>) -> Result<String, Fault> {
    let description = description.unwrap_or_default();
    if description.chars().count() > DESCRIPTION_MAX || description.contains(['<', '>', '\'', '"', '\\']) {
        return Err(fault::PARAMETER_INVALID.because(format!("Invalid project description: '{description}'")));
    }
    Ok(description)
}

fn is_name(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
        && [bytes.first(), bytes.last()].iter().all(|end| end.is_some_and(plain))
}
