//! Members of a resource directory.

use api::{Success, WireError, codes};
use catalog::{CatalogError, Directory, Folder, JoinMethod, Member, MemberKind, NewMember};
use model::AccountId;
use serde_json::{Value, json};

use super::organization::{administered, fault, is_wanted, join_method, kind, managed, own, page, sentence};
use super::{Call, Outcome, organization_folders};
use crate::fault;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let folder = organization_folders::parent(call, &directory).await?;
    let display_name = call.arguments.required("DisplayName").to_owned();
    let name = call.arguments.text("AccountNamePrefix").unwrap_or(&display_name);
    let account = call.gateway.identity.create_resource_account(name).await.map_err(fault::managed)?;
    let new = NewMember {
        directory: directory.id.clone(),
        account: account.id,
        folder: Some(folder.id),
        display_name,
        kind: MemberKind::Resource,
        join_method: JoinMethod::Created,
        at: call.gateway.clock.now(),
    };
    let member = call.gateway.catalog.member_join(&new, call.gateway.writer.head()).await.map_err(fault)?;
    Ok(Success::from_object(&json!({ "Account": shown(&member) })))
}

pub(super) async fn remove(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let (account, catalog) = (named(call), &call.gateway.catalog);
    let (at, head) = (call.gateway.clock.now(), call.gateway.writer.head());
    match catalog.member_leave(&directory.id, account, at, head).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(not_found(account)),
        Err(error @ CatalogError::InUse { .. }) => {
            Err(codes::DELETE_CONFLICT_ACCOUNT.because(format!("{}.", sentence(&error))))
        }
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let account = named(call);
    let directory = if account == call.account { own(call).await? } else { administered(call).await? };
    let member = find(call, &directory, account).await?;
    let folders = call.gateway.catalog.folder_list(&directory.id).await.map_err(fault)?;
    let mut fields = shown(&member);
    fields["ResourceDirectoryPath"] = format!("{}/{account}", path(&directory, &folders, &member.folder)).into();
    Ok(Success::from_object(&json!({ "Account": fields })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let mut members = call.gateway.catalog.member_list(&directory.id).await.map_err(fault)?;
    members.retain(|member| is_wanted(call, &[member.account.as_str(), &member.display_name]));
    page(call, &members, "Accounts", "Account", shown)
}

pub(super) async fn list_for_parent(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let folder = organization_folders::parent(call, &directory).await?;
    let mut members = call.gateway.catalog.member_list(&directory.id).await.map_err(fault)?;
    members.retain(|member| member.folder == folder.id);
    members.retain(|member| is_wanted(call, &[member.account.as_str(), &member.display_name]));
    page(call, &members, "Accounts", "Account", shown)
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let (account, name) = (named(call), call.arguments.required("NewDisplayName"));
    let updated =
        call.gateway.catalog.member_update(&directory.id, account, Some(name), None, call.gateway.clock.now());
    let member = updated.await.map_err(|error| gone_or_fault(account, error))?;
    Ok(Success::from_object(&json!({ "Account": shown(&member) })))
}

pub(super) async fn shift(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let (account, folder) = (named(call), call.arguments.required("DestinationFolderId"));
    organization_folders::find(call, &directory, folder).await?;
    let moved =
        call.gateway.catalog.member_update(&directory.id, account, None, Some(folder), call.gateway.clock.now());
    moved.await.map_err(|error| gone_or_fault(account, error))?;
    Ok(Success::empty())
}

/// The account the call names.
pub(super) fn named(call: &Call<'_>) -> AccountId {
    call.arguments.required("AccountId").parse().expect("the table's rule is an account's")
}

/// A member of the directory.
pub(super) async fn find(call: &Call<'_>, directory: &Directory, account: AccountId) -> Result<Member, WireError> {
    let member = call.gateway.catalog.member_find(&directory.id, account).await.map_err(fault)?;
    member.ok_or_else(|| not_found(account))
}

pub(super) fn not_found(account: AccountId) -> WireError {
    codes::ENTITY_NOT_EXISTS_ACCOUNT.because(format!("The account {account} is no member of the resource directory."))
}

fn gone_or_fault(account: AccountId, error: CatalogError) -> WireError {
    match error {
        CatalogError::NotFound { .. } => not_found(account),
        error => fault(error),
    }
}

/// Where a folder lies: the directory, the root, every folder down to it.
pub(super) fn path(directory: &Directory, folders: &[Folder], folder: &str) -> String {
    let mut names = Vec::new();
    let mut at = Some(folder);
    while let Some(id) = at {
        names.push(id);
        at = folders.iter().find(|each| each.id == id).and_then(|each| each.parent.as_deref());
    }
    names.push(directory.id.as_str());
    names.reverse();
    names.join("/")
}

fn shown(member: &Member) -> Value {
    let status = match member.join_method {
        JoinMethod::Created => "CreateSuccess",
        JoinMethod::Invited => "InviteSuccess",
    };
    json!({
        "ResourceDirectoryId": member.directory.as_str(),
        "AccountId": member.account.as_str(),
        "AccountName": member.account_name,
        "DisplayName": member.display_name,
        "FolderId": member.folder,
        "JoinMethod": join_method(member.join_method),
        "JoinTime": member.joined.to_string(),
        "ModifyTime": member.modified.to_string(),
        "Status": status,
        "Type": kind(member.kind),
    })
}
