//! A resource directory: enabled, shown, removed; and what the operations on its parts have in common: which directory is
//! meant, whether the caller may, and pages of lists.

use api::{Success, WireError, codes};
use catalog::{CatalogError, Directory, JoinMethod, MemberKind};
use model::organization::DirectoryId;
use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::fault::unexpected;

const ID_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// The service whose delegated administrators may see the whole organization.
pub(super) const ACTIONTRAIL: &str = "actiontrail.aliyuncs.com";

pub(super) async fn enable(call: &Call<'_>) -> Outcome {
    let id = format!("rd-{}", draw(call, 6));
    let directory = Directory {
        id: id.parse().expect("six letters or digits make a directory's id"),
        management: call.account,
        root_folder: format!("r-{}", draw(call, 6)),
        created: call.gateway.clock.now(),
    };
    match call.gateway.catalog.directory_create(&directory, call.gateway.writer.head()).await {
        Ok(()) => shown(call, &directory).await,
        Err(CatalogError::AlreadyExists { .. }) => Err(codes::ENTITY_ALREADY_EXISTS_RESOURCE_DIRECTORY
            .because(format!("The account {} belongs to a resource directory already.", call.account))),
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let directory = own(call).await?;
    shown(call, &directory).await
}

pub(super) async fn destroy(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    match call.gateway.catalog.directory_delete(&directory.id).await {
        Ok(()) => Ok(Success::empty()),
        Err(error @ CatalogError::InUse { .. }) => {
            Err(codes::DELETE_CONFLICT_RESOURCE_DIRECTORY.because(format!("{}; remove that first.", sentence(&error))))
        }
        Err(CatalogError::NotFound { .. }) => Err(not_in_use(call)),
        Err(error) => Err(fault(error)),
    }
}

/// The directory the caller's account belongs to.
pub(super) async fn own(call: &Call<'_>) -> Result<Directory, WireError> {
    let directory = call.gateway.catalog.directory_of(call.account).await.map_err(fault)?;
    directory.ok_or_else(|| not_in_use(call))
}

/// The directory the caller's account manages.
pub(super) async fn managed(call: &Call<'_>) -> Result<Directory, WireError> {
    let directory = own(call).await?;
    if directory.management == call.account { Ok(directory) } else { Err(not_for_members()) }
}

/// The directory the caller's account manages, or administers a service of.
pub(super) async fn administered(call: &Call<'_>) -> Result<Directory, WireError> {
    let directory = own(call).await?;
    if directory.management == call.account || is_delegated(call, &directory.id).await? {
        return Ok(directory);
    }
    Err(not_for_members())
}

/// Whether the caller's account administers a service of the directory.
pub(super) async fn is_delegated(call: &Call<'_>, directory: &DirectoryId) -> Result<bool, WireError> {
    let delegations = call.gateway.catalog.delegation_list(directory).await.map_err(fault)?;
    Ok(delegations.iter().any(|each| each.account == call.account && each.service == ACTIONTRAIL))
}

fn not_in_use(call: &Call<'_>) -> WireError {
    let message = format!("The account {} belongs to no resource directory.", call.account);
    codes::RESOURCE_DIRECTORY_NOT_IN_USE.because(message)
}

fn not_for_members() -> WireError {
    codes::NO_PERMISSION.because("This is for the management account of the resource directory, which yours is not.")
}

/// Letters and digits of a new id.
pub(super) fn draw(call: &Call<'_>, length: usize) -> String {
    call.gateway.random.text(length, ID_LETTERS).to_ascii_lowercase()
}

/// A failure that no operation has a code of its own for.
pub(super) fn fault(error: CatalogError) -> WireError {
    let kind = error.kind();
    unexpected(&error, kind)
}

/// What the catalog says, as the beginning of a sentence.
pub(super) fn sentence(error: &CatalogError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The page of a list that is asked for, and the reply around it.
pub(super) fn page<T>(call: &Call<'_>, all: &[T], outer: &str, inner: &str, shown: impl Fn(&T) -> Value) -> Outcome {
    let number = |name| call.arguments.integer(name).and_then(|number| usize::try_from(number).ok()).unwrap_or(1);
    let (page, size) = (number("PageNumber"), number("PageSize"));
    let entries: Vec<Value> = all.iter().skip((page - 1).saturating_mul(size)).take(size).map(shown).collect();
    Ok(Success::from_object(&json!({
        outer: { inner: entries },
        "TotalCount": all.len(),
        "PageNumber": page,
        "PageSize": size,
    })))
}

/// Whether one of the texts holds the keyword that is asked for.
pub(super) fn is_wanted(call: &Call<'_>, texts: &[&str]) -> bool {
    call.arguments.text("QueryKeyword").is_none_or(|keyword| texts.iter().any(|text| text.contains(keyword)))
}

/// The names of the management account.
pub(super) async fn master_name(call: &Call<'_>, directory: &Directory) -> Result<String, WireError> {
    let account = call.gateway.catalog.account_find(directory.management).await.map_err(fault)?;
    Ok(account.map_or_else(|| directory.management.to_string(), |account| account.name))
}

async fn shown(call: &Call<'_>, directory: &Directory) -> Outcome {
    Ok(Success::from_object(&json!({ "ResourceDirectory": {
        "ResourceDirectoryId": directory.id.as_str(),
        "MasterAccountId": directory.management.as_str(),
        "MasterAccountName": master_name(call, directory).await?,
        "RootFolderId": directory.root_folder,
        "CreateTime": directory.created.to_string(),
    }})))
}

/// The wire's word for a sort of member.
pub(super) fn kind(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::Master => "CloudAccount",
        other => other.as_str(),
    }
}

/// The wire's word for how a member came.
pub(super) fn join_method(method: JoinMethod) -> &'static str {
    method.as_str()
}
