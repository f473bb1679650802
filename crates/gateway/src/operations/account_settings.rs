//! What an account says about ActionTrail as a whole.

use api::{Success, WireError};
use catalog::CatalogError;
use identity::{ManageError, role_arn};
use model::trail::Trail;
use serde_json::{Value, json};

use super::{Call, Outcome, trails};
use crate::fault::{managed, unexpected};

const LINKED_ROLE: &str = "AliyunServiceRoleForActionTrail";

pub(super) async fn create_role(call: &Call<'_>) -> Outcome {
    let made = call.gateway.identity.create_service_linked_role(call.account, delivery::SERVICE).await;
    let existed = match made {
        Ok(_) => false,
        Err(ManageError::AlreadyExists { .. }) => true,
        Err(error) => return Err(managed(error)),
    };
    Ok(Success::from_object(&json!({
        "RoleName": LINKED_ROLE,
        "RoleArn": role_arn(call.account, LINKED_ROLE),
        "AlreadyExisted": existed,
    })))
}

pub(super) async fn open(call: &Call<'_>) -> Outcome {
    let opened = call.gateway.catalog.account_open(call.account, call.request.received).await;
    let opened = opened.map_err(|error| unexpected(&error, error.kind()))?;
    Ok(Success::from_object(&json!({ "OpenTime": opened.to_string() })))
}

pub(super) async fn list_service_trails(call: &Call<'_>) -> Outcome {
    let found = call.gateway.catalog.trail_list_of_services(call.account).await;
    let found = found.map_err(|error| unexpected(&error, error.kind()))?;
    let shown = |(trail, service): &(Trail, String)| {
        json!({
            "Name": trail.name.as_str(),
            "TrailArn": trail.arn(),
            "ServiceName": service,
            "Status": trail.status.as_str(),
            "HomeRegion": trail.home_region,
            "OssBucketName": trail.destinations.bucket.as_ref().map_or("", |bucket| &bucket.name),
            "CreateTime": trail.created.to_string(),
        })
    };
    Ok(Success::from_object(&json!({ "TrailList": found.iter().map(shown).collect::<Vec<Value>>() })))
}

pub(super) async fn default_trail(call: &Call<'_>) -> Outcome {
    let settings = call.gateway.catalog.account_settings(call.account).await;
    let settings = settings.map_err(|error| unexpected(&error, error.kind()))?;
    let trail = match settings.default_trail {
        Some(id) => {
            let found = call.gateway.catalog.trail_by_number(id).await;
            found.map_err(|error| unexpected(&error, error.kind()))?
        }
        None => None,
    };
    Ok(Success::from_object(&shown(trail.as_ref())))
}

pub(super) async fn set_default_trail(call: &Call<'_>) -> Outcome {
    let trail = trails::named(call, call.arguments.required("Name")).await?;
    set(call, Some(&trail)).await?;
    Ok(Success::from_object(&shown(Some(&trail))))
}

pub(super) async fn remove_default_trail(call: &Call<'_>) -> Outcome {
    set(call, None).await?;
    Ok(Success::empty())
}

async fn set(call: &Call<'_>, trail: Option<&Trail>) -> Result<(), WireError> {
    let done = call.gateway.catalog.account_default_trail(call.account, trail.map(|trail| trail.id)).await;
    done.map_err(|error| match (trail, &error) {
        // Deleted between finding and naming it.
        (Some(trail), CatalogError::NotFound { .. }) => trails::not_found(&trail.name),
        _ => unexpected(&error, error.kind()),
    })
}

fn shown(trail: Option<&Trail>) -> Value {
    json!({
        "Name": trail.map_or("", |trail| trail.name.as_str()),
        "TrailArn": trail.map(Trail::arn).unwrap_or_default(),
        "HomeRegion": trail.map_or("", |trail| trail.home_region.as_str()),
    })
}
