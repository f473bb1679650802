//! Projects of Log Service outside this node. The catalog keeps how they are reached sealed; what is shown holds no secret.

use api::{Success, WireError, codes};
use catalog::{CatalogError, Project, ProjectKind};
use host::Secret;
use model::ErrorKind;
use outbound::LogProjectSettings;
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::fault::unexpected;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let text = |name| arguments.text(name).map(str::to_owned);
    let settings = LogProjectSettings {
        endpoint: arguments.required("Endpoint").to_owned(),
        region: text("ProjectRegion"),
        access_key_id: arguments.required("ProjectAccessKeyId").to_owned(),
        access_key_secret: Secret::new(arguments.required("ProjectAccessKeySecret").to_owned()),
        session_token: text("ProjectSecurityToken").map(Secret::new),
        allow_http: arguments.flag("AllowHttp"),
        host_header: arguments.flag("HostHeader"),
    };
    let name = arguments.required("Name");
    call.gateway
        .outbound
        .open_log_project(name, &settings)
        .map_err(|error| codes::INVALID_PROJECT_CONFIGURATION.because(format!("{error}.")))?;
    let plain = serde_json::to_vec(&settings).map_err(|error| unexpected(&error, ErrorKind::Bug))?;
    let project = Project {
        account: call.account,
        name: name.to_owned(),
        region: settings.region.clone().unwrap_or_default(),
        description: text("Description").unwrap_or_default(),
        kind: ProjectKind::Remote,
        sealed_settings: call.gateway.vault.seal(&plain),
        created: call.request.received,
        updated: call.request.received,
    };
    match call.gateway.catalog.project_create(&project).await {
        Ok(()) => Ok(Success::from_object(&json!({ "Project": shown(&project, &settings) }))),
        Err(CatalogError::AlreadyExists { .. }) => Err(codes::PROJECT_ALREADY_EXISTS
            .because(format!("The account has a project {name} already, here or elsewhere; delete that first."))),
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let projects = call.gateway.catalog.remote_project_list(call.account).await;
    let projects = projects.map_err(|error| unexpected(&error, error.kind()))?;
    let opened: Result<Vec<_>, WireError> =
        projects.into_iter().map(|project| Ok((project.clone(), unsealed(call, &project)?))).collect();
    let page = paged(call, opened?, |(project, _)| &project.name);
    Ok(page.reply("Projects", Value::from, |(project, settings)| shown(project, settings)))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("Name");
    match call.gateway.catalog.project_delete(call.account, name, ProjectKind::Remote).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => {
            Err(codes::PROJECT_NOT_FOUND.because(format!("There is no remote project {name}.")))
        }
        Err(CatalogError::InUse { by, .. }) => {
            let message = format!("The project {name} is still in use by {by}; point that elsewhere first.");
            Err(codes::PROJECT_IN_USE.because(message))
        }
        Err(error) => Err(unexpected(&error, error.kind())),
    }
}

fn unsealed(call: &Call<'_>, project: &Project) -> Result<LogProjectSettings, WireError> {
    let plain = call.gateway.vault.open(&project.sealed_settings);
    let plain = plain.map_err(|error| unexpected(&error, ErrorKind::Corrupt))?;
    serde_json::from_slice(&plain).map_err(|error| unexpected(&error, ErrorKind::Corrupt))
}

fn shown(project: &Project, settings: &LogProjectSettings) -> Value {
    json!({
        "Name": project.name,
        "Endpoint": settings.endpoint,
        "Region": project.region,
        "Description": project.description,
        "CreateTime": project.created.to_string(),
    })
}
