//! Folders of a resource directory.

use api::{Success, WireError, codes};
use catalog::{CatalogError, Directory, Folder};
use model::limits::{FOLDER_LEVELS_MAX, FOLDERS_MAX};
use serde_json::{Value, json};

use super::organization::{administered, draw, fault, is_wanted, managed, page, sentence};
use super::{Call, Outcome, organization_members};

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let parent = parent(call, &directory).await?;
    let folder = Folder {
        id: format!("fd-{}", draw(call, 10)),
        directory: directory.id.clone(),
        parent: Some(parent.id),
        name: call.arguments.required("FolderName").to_owned(),
        created: call.gateway.clock.now(),
    };
    match call.gateway.catalog.folder_create(&folder, FOLDER_LEVELS_MAX, FOLDERS_MAX).await {
        Ok(()) => Ok(Success::from_object(&json!({ "Folder": shown(&folder) }))),
        Err(CatalogError::AlreadyExists { .. }) => Err(name_is_taken(&folder.name)),
        Err(error @ CatalogError::LimitReached { .. }) => {
            Err(codes::LIMIT_EXCEEDED_FOLDER.because(format!("{}.", sentence(&error))))
        }
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let folder = find(call, &directory, call.arguments.required("FolderId")).await?;
    let all = call.gateway.catalog.folder_list(&directory.id).await.map_err(fault)?;
    let mut fields = shown(&folder);
    fields["ResourceDirectoryPath"] = organization_members::path(&directory, &all, &folder.id).into();
    Ok(Success::from_object(&json!({ "Folder": fields })))
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let (id, name) = (call.arguments.required("FolderId"), call.arguments.required("NewFolderName"));
    match call.gateway.catalog.folder_rename(&directory.id, id, name).await {
        Ok(folder) => Ok(Success::from_object(&json!({ "Folder": shown(&folder) }))),
        Err(CatalogError::AlreadyExists { .. }) => Err(name_is_taken(name)),
        Err(CatalogError::NotFound { .. }) => Err(not_found(id)),
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let id = call.arguments.required("FolderId");
    match call.gateway.catalog.folder_delete(&directory.id, id).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(not_found(id)),
        Err(error @ CatalogError::InUse { .. }) => {
            Err(codes::DELETE_CONFLICT_FOLDER.because(format!("{}.", sentence(&error))))
        }
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let parent = parent(call, &directory).await?;
    let mut folders = call.gateway.catalog.folder_list(&directory.id).await.map_err(fault)?;
    folders.retain(|folder| folder.parent.as_ref() == Some(&parent.id));
    folders.retain(|folder| is_wanted(call, &[&folder.id, &folder.name]));
    page(call, &folders, "Folders", "Folder", shown)
}

/// The folder in `ParentFolderId`, or the root.
pub(super) async fn parent(call: &Call<'_>, directory: &Directory) -> Result<Folder, WireError> {
    find(call, directory, call.arguments.text("ParentFolderId").unwrap_or(&directory.root_folder)).await
}

/// A folder of the directory.
pub(super) async fn find(call: &Call<'_>, directory: &Directory, id: &str) -> Result<Folder, WireError> {
    let folder = call.gateway.catalog.folder_find(&directory.id, id).await.map_err(fault)?;
    folder.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> WireError {
    codes::ENTITY_NOT_EXISTS_FOLDER.because(format!("The resource directory has no folder {id}."))
}

fn name_is_taken(name: &str) -> WireError {
    codes::ENTITY_ALREADY_EXISTS_FOLDER.because(format!("There is a folder {name} beside it already."))
}

fn shown(folder: &Folder) -> Value {
    let mut fields = json!({
        "FolderId": folder.id,
        "FolderName": folder.name,
        "CreateTime": folder.created.to_string(),
    });
    if let Some(parent) = &folder.parent {
        fields["ParentFolderId"] = parent.as_str().into();
    }
    fields
}
