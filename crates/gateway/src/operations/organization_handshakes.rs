//! Invitations into a resource directory. The invited account answers, the inviting one may take back.

use api::{Success, WireError, codes};
use catalog::{CatalogError, Directory, Handshake, HandshakeStatus};
use model::AccountId;
use model::limits::HANDSHAKE_AGE_MAX;
use serde_json::{Value, json};

use super::organization::{draw, fault, managed, master_name, page, sentence};
use super::{Call, Outcome, organization_folders};

pub(super) async fn invite(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let folder = organization_folders::parent(call, &directory).await?;
    let target: AccountId = call.arguments.required("TargetEntity").parse().expect("the table's rule is an account's");
    if !call.gateway.identity.account_exists(target) {
        return Err(codes::ENTITY_NOT_EXISTS_ACCOUNT.because(format!("There is no account {target}.")));
    }
    let now = call.gateway.clock.now();
    let handshake = Handshake {
        id: format!("h-{}", draw(call, 16)),
        directory: directory.id.clone(),
        target,
        folder: folder.id,
        note: call.arguments.text("Note").unwrap_or_default().to_owned(),
        status: HandshakeStatus::Pending,
        created: now,
        modified: now,
        expires: now.plus(HANDSHAKE_AGE_MAX),
    };
    match call.gateway.catalog.handshake_create(&handshake).await {
        Ok(()) => shown_one(call, &handshake).await,
        Err(error @ CatalogError::AlreadyExists { .. }) => Err(is_taken(&error)),
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn accept(call: &Call<'_>) -> Outcome {
    let handshake = of_target(call).await?;
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    let accepted = call.gateway.catalog.handshake_accept(&handshake.id, at, head).await.map_err(answer_fault)?;
    shown_one(call, &accepted).await
}

pub(super) async fn decline(call: &Call<'_>) -> Outcome {
    let handshake = of_target(call).await?;
    end(call, &handshake, HandshakeStatus::Declined).await
}

pub(super) async fn cancel(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let handshake = find(call).await?;
    if handshake.directory != directory.id {
        return Err(not_found(&handshake.id));
    }
    end(call, &handshake, HandshakeStatus::Cancelled).await
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let handshake = find(call).await?;
    if handshake.target != call.account && !manages(call, &handshake).await? {
        return Err(not_found(&handshake.id));
    }
    shown_one(call, &handshake).await
}

pub(super) async fn list_for_account(call: &Call<'_>) -> Outcome {
    let handshakes = call.gateway.catalog.handshake_list_for(call.account).await.map_err(fault)?;
    listed(call, &handshakes).await
}

pub(super) async fn list_for_directory(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let handshakes = call.gateway.catalog.handshake_list_of(&directory.id).await.map_err(fault)?;
    listed(call, &handshakes).await
}

async fn end(call: &Call<'_>, handshake: &Handshake, status: HandshakeStatus) -> Outcome {
    let ended = call.gateway.catalog.handshake_end(&handshake.id, status, call.gateway.clock.now()).await;
    shown_one(call, &ended.map_err(answer_fault)?).await
}

async fn find(call: &Call<'_>) -> Result<Handshake, WireError> {
    let id = call.arguments.required("HandshakeId");
    let handshake = call.gateway.catalog.handshake_find(id).await.map_err(fault)?;
    handshake.ok_or_else(|| not_found(id))
}

/// Whoever is not invited learns nothing of an invitation.
async fn of_target(call: &Call<'_>) -> Result<Handshake, WireError> {
    let handshake = find(call).await?;
    if handshake.target == call.account { Ok(handshake) } else { Err(not_found(&handshake.id)) }
}

async fn manages(call: &Call<'_>, handshake: &Handshake) -> Result<bool, WireError> {
    Ok(directory(call, handshake).await?.is_some_and(|directory| directory.management == call.account))
}

async fn directory(call: &Call<'_>, handshake: &Handshake) -> Result<Option<Directory>, WireError> {
    call.gateway.catalog.directory_find(&handshake.directory).await.map_err(fault)
}

fn not_found(id: &str) -> WireError {
    codes::ENTITY_NOT_EXISTS_HANDSHAKE.because(format!("There is no invitation {id} that concerns your account."))
}

fn is_taken(error: &CatalogError) -> WireError {
    codes::ENTITY_ALREADY_EXISTS_ACCOUNT.because(format!("{}.", sentence(error)))
}

fn answer_fault(error: CatalogError) -> WireError {
    match error {
        CatalogError::InUse { .. } => codes::INVALID_STATUS_HANDSHAKE.because(format!("{}.", sentence(&error))),
        CatalogError::AlreadyExists { .. } => is_taken(&error),
        error => fault(error),
    }
}

async fn listed(call: &Call<'_>, handshakes: &[Handshake]) -> Outcome {
    let mut all = Vec::with_capacity(handshakes.len());
    for handshake in handshakes {
        all.push(shown(call, handshake).await?);
    }
    page(call, &all, "Handshakes", "Handshake", Value::clone)
}

async fn shown_one(call: &Call<'_>, handshake: &Handshake) -> Outcome {
    Ok(Success::from_object(&json!({ "Handshake": shown(call, handshake).await? })))
}

async fn shown(call: &Call<'_>, handshake: &Handshake) -> Result<Value, WireError> {
    let directory = directory(call, handshake).await?.ok_or_else(|| not_found(&handshake.id))?;
    let is_over = handshake.status == HandshakeStatus::Pending && handshake.expires <= call.gateway.clock.now();
    Ok(json!({
        "HandshakeId": handshake.id,
        "ResourceDirectoryId": handshake.directory.as_str(),
        "MasterAccountId": directory.management.as_str(),
        "MasterAccountName": master_name(call, &directory).await?,
        "TargetEntity": handshake.target.as_str(),
        "TargetType": "Account",
        "Note": handshake.note,
        "Status": if is_over { "Expired" } else { handshake.status.as_str() },
        "CreateTime": handshake.created.to_string(),
        "ModifyTime": handshake.modified.to_string(),
        "ExpireTime": handshake.expires.to_string(),
    }))
}
