//! Resource directories: who belongs to an organization. Names and shapes are those of API version 2022-04-19; a service
//! of Alibaba Cloud's that a member could administer there and that is not here is refused by name.

use super::OperationId;
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const ACCOUNTS: &[&str] = &["acs:resourcedirectory:*:{account}:account/*"];
const ONE_ACCOUNT: &[&str] = &["acs:resourcedirectory:*:{account}:account/{AccountId}"];
const FOLDERS: &[&str] = &["acs:resourcedirectory:*:{account}:folder/*"];
const ONE_FOLDER: &[&str] = &["acs:resourcedirectory:*:{account}:folder/{FolderId}"];
const HANDSHAKES: &[&str] = &["acs:resourcedirectory:*:{account}:handshake/*"];
const ONE_HANDSHAKE: &[&str] = &["acs:resourcedirectory:*:{account}:handshake/{HandshakeId}"];

const ACCOUNT: Touched = Touched { kind: "ACS::ResourceManager::Account", param: "AccountId" };
const FOLDER: Touched = Touched { kind: "ACS::ResourceManager::Folder", param: "FolderId" };
const HANDSHAKE: Touched = Touched { kind: "ACS::ResourceManager::Handshake", param: "HandshakeId" };

const MEMBER: Param = Param::text("AccountId", format::ACCOUNT_ID, "the member").required();
const DISPLAY_NAME: Param = Param::text("DisplayName", format::DISPLAY_NAME, "the member's name in the directory");
const PARENT: Param = Param::text("ParentFolderId", format::ANY, "the folder; the root when absent");
const FOLDER_ID: Param = Param::text("FolderId", format::ANY, "the folder").required();
const HANDSHAKE_ID: Param = Param::text("HandshakeId", format::ANY, "the invitation").required();
const SERVICE_PRINCIPAL: Param =
    Param::choice("ServicePrincipal", &["actiontrail.aliyuncs.com"], "the service that is administered");
const KEYWORD: Param = Param::text("QueryKeyword", format::ANY, "only entries whose id or name holds this");
const PAGE_NUMBER: Param = Param::integer("PageNumber", 1, 1_000_000, "which page").or("1");
const PAGE_SIZE: Param = Param::integer("PageSize", 1, 100, "entries in a page").or("10");
const INCLUDE_TAGS: Param = Param::boolean("IncludeTags", "nothing has tags here, so none are shown");
const NO_TAGS: Param = Param::unsupported("Tag.1.Key", "nothing has tags here");
const DRY_RUN: Param = Param::unsupported("DryRun", "every call is meant");

const DIRECTORY_FIELDS: &[&str] = &[
    "ResourceDirectory.ResourceDirectoryId",
    "ResourceDirectory.MasterAccountId",
    "ResourceDirectory.MasterAccountName",
    "ResourceDirectory.RootFolderId",
    "ResourceDirectory.CreateTime",
];

/// The fields of one thing, of a list of them, and with its path.
macro_rules! fields {
    ($one:ident, $many:ident, $single:literal, $list:literal: $($field:literal),+) => {
        const $one: &[&str] = &[$(concat!($single, ".", $field)),+];
        const $many: &[&str] = &[$(concat!($list, "[].", $field)),+, "TotalCount", "PageNumber", "PageSize"];
    };
}

fields!(ACCOUNT_FIELDS, ACCOUNTS_FIELDS, "Account", "Accounts.Account": "ResourceDirectoryId", "AccountId",
    "AccountName", "DisplayName", "FolderId", "JoinMethod", "JoinTime", "ModifyTime", "Status", "Type");
fields!(FOLDER_FIELDS, FOLDERS_FIELDS, "Folder", "Folders.Folder": "FolderId", "FolderName", "CreateTime");
fields!(HANDSHAKE_FIELDS, HANDSHAKES_FIELDS, "Handshake", "Handshakes.Handshake": "HandshakeId", "ResourceDirectoryId",
    "MasterAccountId", "MasterAccountName", "TargetEntity", "TargetType", "Note", "Status", "CreateTime", "ModifyTime",
    "ExpireTime");
const GET_ACCOUNT_FIELDS: &[&str] = &[
    "Account.ResourceDirectoryId",
    "Account.ResourceDirectoryPath",
    "Account.AccountId",
    "Account.AccountName",
    "Account.DisplayName",
    "Account.FolderId",
    "Account.JoinMethod",
    "Account.JoinTime",
    "Account.ModifyTime",
    "Account.Status",
    "Account.Type",
];
const GET_FOLDER_FIELDS: &[&str] =
    &["Folder.FolderId", "Folder.FolderName", "Folder.CreateTime", "Folder.ResourceDirectoryPath"];

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::EnableResourceDirectory,
    service: Service::ResourceManager,
    name: "",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Own,
    resources: ACCOUNTS,
    touches: &[],
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const ENABLE_RESOURCE_DIRECTORY: Operation = Operation {
    id: OperationId::EnableResourceDirectory,
    name: "EnableResourceDirectory",
    params: &[
        Param::choice("EnableMode", &["CurrentAccount"], "the caller's account becomes the management account")
            .or("CurrentAccount"),
        Param::unsupported("MAName", "the caller's account becomes the management account"),
        Param::unsupported("MASecureMobilePhone", "accounts have no telephone number here"),
        Param::unsupported("VerificationCode", "accounts have no telephone number here"),
        DRY_RUN,
    ],
    returns: DIRECTORY_FIELDS,
    errors: &[codes::ENTITY_ALREADY_EXISTS_RESOURCE_DIRECTORY],
    summary: "Makes the caller's account the management account of a new resource directory.",
    ..ROW
};

pub(super) const GET_RESOURCE_DIRECTORY: Operation = Operation {
    id: OperationId::GetResourceDirectory,
    name: "GetResourceDirectory",
    access: Access::Read,
    returns: DIRECTORY_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE],
    summary: "Shows the directory the caller's account belongs to.",
    ..ROW
};

pub(super) const DESTROY_RESOURCE_DIRECTORY: Operation = Operation {
    id: OperationId::DestroyResourceDirectory,
    name: "DestroyResourceDirectory",
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::DELETE_CONFLICT_RESOURCE_DIRECTORY],
    summary: "Removes a directory without members, folders and trail.",
    ..ROW
};

pub(super) const CREATE_RESOURCE_ACCOUNT: Operation = Operation {
    id: OperationId::CreateResourceAccount,
    name: "CreateResourceAccount",
    params: &[
        DISPLAY_NAME.required(),
        Param::text("AccountNamePrefix", format::DISPLAY_NAME, "what the account's name starts with"),
        PARENT,
        Param::unsupported("PayerAccountId", "nothing is billed here"),
        Param::unsupported("ResellAccountType", "nothing is billed here"),
        NO_TAGS,
        DRY_RUN,
    ],
    returns: ACCOUNT_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_FOLDER],
    summary: "Makes an account that is a member from its first event on. It has no access key of its own.",
    ..ROW
};

pub(super) const INVITE_ACCOUNT_TO_RESOURCE_DIRECTORY: Operation = Operation {
    id: OperationId::InviteAccountToResourceDirectory,
    name: "InviteAccountToResourceDirectory",
    resources: HANDSHAKES,
    params: &[
        Param::text("TargetEntity", format::ACCOUNT_ID, "the account to invite").required(),
        Param::choice("TargetType", &["Account"], "what TargetEntity is; accounts have no mail address here")
            .required(),
        Param::text("Note", format::ANY, "a remark for the account"),
        PARENT,
        NO_TAGS,
    ],
    returns: HANDSHAKE_FIELDS,
    errors: &[
        codes::RESOURCE_DIRECTORY_NOT_IN_USE,
        codes::ENTITY_NOT_EXISTS_ACCOUNT,
        codes::ENTITY_ALREADY_EXISTS_ACCOUNT,
        codes::ENTITY_NOT_EXISTS_FOLDER,
    ],
    summary: "Invites an account. It may accept within 14 days.",
    ..ROW
};

pub(super) const ACCEPT_HANDSHAKE: Operation = Operation {
    id: OperationId::AcceptHandshake,
    name: "AcceptHandshake",
    resources: ONE_HANDSHAKE,
    touches: &[HANDSHAKE],
    params: &[HANDSHAKE_ID],
    returns: HANDSHAKE_FIELDS,
    errors: &[
        codes::ENTITY_NOT_EXISTS_HANDSHAKE,
        codes::INVALID_STATUS_HANDSHAKE,
        codes::ENTITY_ALREADY_EXISTS_ACCOUNT,
    ],
    summary: "Makes the caller's account, which was invited, a member. Its events from now on are the organization's.",
    ..ROW
};

pub(super) const DECLINE_HANDSHAKE: Operation = Operation {
    id: OperationId::DeclineHandshake,
    name: "DeclineHandshake",
    resources: ONE_HANDSHAKE,
    touches: &[HANDSHAKE],
    params: &[HANDSHAKE_ID],
    returns: HANDSHAKE_FIELDS,
    errors: &[codes::ENTITY_NOT_EXISTS_HANDSHAKE, codes::INVALID_STATUS_HANDSHAKE],
    summary: "Turns an invitation of the caller's account down.",
    ..ROW
};

pub(super) const CANCEL_HANDSHAKE: Operation = Operation {
    id: OperationId::CancelHandshake,
    name: "CancelHandshake",
    resources: ONE_HANDSHAKE,
    touches: &[HANDSHAKE],
    params: &[HANDSHAKE_ID],
    returns: HANDSHAKE_FIELDS,
    errors: &[codes::ENTITY_NOT_EXISTS_HANDSHAKE, codes::INVALID_STATUS_HANDSHAKE],
    summary: "Takes an invitation back.",
    ..ROW
};

pub(super) const GET_HANDSHAKE: Operation = Operation {
    id: OperationId::GetHandshake,
    name: "GetHandshake",
    access: Access::Read,
    resources: ONE_HANDSHAKE,
    touches: &[HANDSHAKE],
    params: &[HANDSHAKE_ID],
    returns: HANDSHAKE_FIELDS,
    errors: &[codes::ENTITY_NOT_EXISTS_HANDSHAKE],
    summary: "Shows an invitation to the invited and the inviting.",
    ..ROW
};

pub(super) const LIST_HANDSHAKES_FOR_ACCOUNT: Operation = Operation {
    id: OperationId::ListHandshakesForAccount,
    name: "ListHandshakesForAccount",
    access: Access::Read,
    resources: HANDSHAKES,
    params: &[PAGE_NUMBER, PAGE_SIZE],
    returns: HANDSHAKES_FIELDS,
    summary: "Lists the invitations of the caller's account, newest first.",
    ..ROW
};

pub(super) const LIST_HANDSHAKES_FOR_RESOURCE_DIRECTORY: Operation = Operation {
    id: OperationId::ListHandshakesForResourceDirectory,
    name: "ListHandshakesForResourceDirectory",
    access: Access::Read,
    resources: HANDSHAKES,
    params: &[PAGE_NUMBER, PAGE_SIZE],
    returns: HANDSHAKES_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE],
    summary: "Lists the invitations the directory has sent, newest first.",
    ..ROW
};

pub(super) const REMOVE_CLOUD_ACCOUNT: Operation = Operation {
    id: OperationId::RemoveCloudAccount,
    name: "RemoveCloudAccount",
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[MEMBER],
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_ACCOUNT, codes::DELETE_CONFLICT_ACCOUNT],
    summary: "Ends a membership. Events of the account from now on are not the organization's.",
    ..ROW
};

pub(super) const GET_ACCOUNT: Operation = Operation {
    id: OperationId::GetAccount,
    name: "GetAccount",
    access: Access::Read,
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[MEMBER, INCLUDE_TAGS],
    returns: GET_ACCOUNT_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_ACCOUNT],
    summary: "Shows a member.",
    ..ROW
};

pub(super) const LIST_ACCOUNTS: Operation = Operation {
    id: OperationId::ResourceManagerListAccounts,
    name: "ListAccounts",
    access: Access::Read,
    params: &[
        KEYWORD,
        PAGE_NUMBER,
        PAGE_SIZE,
        INCLUDE_TAGS,
        NO_TAGS,
        Param::unsupported("MaxResults", "use PageNumber and PageSize"),
        Param::unsupported("NextToken", "use PageNumber and PageSize"),
    ],
    returns: ACCOUNTS_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE],
    summary: "Lists the members by account.",
    ..ROW
};

pub(super) const LIST_ACCOUNTS_FOR_PARENT: Operation = Operation {
    id: OperationId::ListAccountsForParent,
    name: "ListAccountsForParent",
    access: Access::Read,
    params: &[PARENT, KEYWORD, PAGE_NUMBER, PAGE_SIZE, INCLUDE_TAGS, NO_TAGS],
    returns: ACCOUNTS_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_FOLDER],
    summary: "Lists the members in a folder by account.",
    ..ROW
};

pub(super) const UPDATE_ACCOUNT: Operation = Operation {
    id: OperationId::UpdateAccount,
    name: "UpdateAccount",
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[
        MEMBER,
        Param::text("NewDisplayName", format::DISPLAY_NAME, "the member's new name in the directory").required(),
        Param::unsupported("NewAccountType", "members keep their sort"),
        DRY_RUN,
    ],
    returns: ACCOUNT_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_ACCOUNT],
    summary: "Gives a member another name.",
    ..ROW
};

pub(super) const MOVE_ACCOUNT: Operation = Operation {
    id: OperationId::MoveAccount,
    name: "MoveAccount",
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[MEMBER, Param::text("DestinationFolderId", format::ANY, "the folder").required()],
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_ACCOUNT, codes::ENTITY_NOT_EXISTS_FOLDER],
    summary: "Puts a member into another folder.",
    ..ROW
};

pub(super) const CREATE_FOLDER: Operation = Operation {
    id: OperationId::CreateFolder,
    name: "CreateFolder",
    resources: FOLDERS,
    params: &[Param::text("FolderName", format::DISPLAY_NAME, "its name").required(), PARENT, NO_TAGS],
    returns: FOLDER_FIELDS,
    errors: &[
        codes::RESOURCE_DIRECTORY_NOT_IN_USE,
        codes::ENTITY_NOT_EXISTS_FOLDER,
        codes::ENTITY_ALREADY_EXISTS_FOLDER,
        codes::LIMIT_EXCEEDED_FOLDER,
    ],
    summary: "Makes a folder, at most five levels below the root.",
    ..ROW
};

pub(super) const GET_FOLDER: Operation = Operation {
    id: OperationId::GetFolder,
    name: "GetFolder",
    access: Access::Read,
    resources: ONE_FOLDER,
    touches: &[FOLDER],
    params: &[FOLDER_ID],
    returns: GET_FOLDER_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_FOLDER],
    summary: "Shows a folder.",
    ..ROW
};

pub(super) const UPDATE_FOLDER: Operation = Operation {
    id: OperationId::UpdateFolder,
    name: "UpdateFolder",
    resources: ONE_FOLDER,
    touches: &[FOLDER],
    params: &[FOLDER_ID, Param::text("NewFolderName", format::DISPLAY_NAME, "its new name").required()],
    returns: FOLDER_FIELDS,
    errors: &[
        codes::RESOURCE_DIRECTORY_NOT_IN_USE,
        codes::ENTITY_NOT_EXISTS_FOLDER,
        codes::ENTITY_ALREADY_EXISTS_FOLDER,
    ],
    summary: "Gives a folder another name.",
    ..ROW
};

pub(super) const DELETE_FOLDER: Operation = Operation {
    id: OperationId::DeleteFolder,
    name: "DeleteFolder",
    resources: ONE_FOLDER,
    touches: &[FOLDER],
    params: &[FOLDER_ID],
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_FOLDER, codes::DELETE_CONFLICT_FOLDER],
    summary: "Removes an empty folder.",
    ..ROW
};

pub(super) const LIST_FOLDERS_FOR_PARENT: Operation = Operation {
    id: OperationId::ListFoldersForParent,
    name: "ListFoldersForParent",
    access: Access::Read,
    resources: FOLDERS,
    params: &[PARENT, KEYWORD, PAGE_NUMBER, PAGE_SIZE, NO_TAGS],
    returns: FOLDERS_FIELDS,
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_FOLDER],
    summary: "Lists the folders in a folder by id.",
    ..ROW
};

pub(super) const REGISTER_DELEGATED_ADMINISTRATOR: Operation = Operation {
    id: OperationId::RegisterDelegatedAdministrator,
    name: "RegisterDelegatedAdministrator",
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[MEMBER, SERVICE_PRINCIPAL.required()],
    errors: &[
        codes::RESOURCE_DIRECTORY_NOT_IN_USE,
        codes::ENTITY_NOT_EXISTS_ACCOUNT,
        codes::ENTITY_ALREADY_EXISTS_DELEGATED_ADMINISTRATOR,
        codes::LIMIT_EXCEEDED_DELEGATED_ADMINISTRATOR,
    ],
    summary: "Lets a member administer a service for the organization.",
    ..ROW
};

pub(super) const DEREGISTER_DELEGATED_ADMINISTRATOR: Operation = Operation {
    id: OperationId::DeregisterDelegatedAdministrator,
    name: "DeregisterDelegatedAdministrator",
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[MEMBER, SERVICE_PRINCIPAL.required()],
    errors: &[
        codes::RESOURCE_DIRECTORY_NOT_IN_USE,
        codes::ENTITY_NOT_EXISTS_DELEGATED_ADMINISTRATOR,
        codes::DELETE_CONFLICT_DELEGATED_ADMINISTRATOR,
    ],
    summary: "Ends a delegation. Refused while the account has the organization's trail.",
    ..ROW
};

pub(super) const LIST_DELEGATED_ADMINISTRATORS: Operation = Operation {
    id: OperationId::ListDelegatedAdministrators,
    name: "ListDelegatedAdministrators",
    access: Access::Read,
    params: &[SERVICE_PRINCIPAL, PAGE_NUMBER, PAGE_SIZE],
    returns: &[
        "Accounts.Account[].AccountId",
        "Accounts.Account[].DisplayName",
        "Accounts.Account[].JoinMethod",
        "Accounts.Account[].ServicePrincipal",
        "Accounts.Account[].DelegationEnabledTime",
        "TotalCount",
        "PageNumber",
        "PageSize",
    ],
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE],
    summary: "Lists the delegated administrators.",
    ..ROW
};

pub(super) const LIST_DELEGATED_SERVICES_FOR_ACCOUNT: Operation = Operation {
    id: OperationId::ListDelegatedServicesForAccount,
    name: "ListDelegatedServicesForAccount",
    access: Access::Read,
    resources: ONE_ACCOUNT,
    touches: &[ACCOUNT],
    params: &[
        MEMBER,
        Param::integer("MaxResults", 1, 100, "entries in a page; a member has one at most").or("10"),
        Param::unsupported("NextToken", "a member has one at most"),
    ],
    returns: &[
        "DelegatedServices.DelegatedService[].ServicePrincipal",
        "DelegatedServices.DelegatedService[].DelegationEnabledTime",
        "DelegatedServices.DelegatedService[].Status",
        "MaxResults",
    ],
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE, codes::ENTITY_NOT_EXISTS_ACCOUNT],
    summary: "Lists what a member administers.",
    ..ROW
};

pub(super) const LIST_TRUSTED_SERVICE_STATUS: Operation = Operation {
    id: OperationId::ListTrustedServiceStatus,
    name: "ListTrustedServiceStatus",
    access: Access::Read,
    params: &[
        Param::text("AdminAccountId", format::ACCOUNT_ID, "an administrator: only what it administers"),
        PAGE_NUMBER,
        PAGE_SIZE,
    ],
    returns: &[
        "EnabledServicePrincipals.EnabledServicePrincipal[].ServicePrincipal",
        "EnabledServicePrincipals.EnabledServicePrincipal[].EnableTime",
        "TotalCount",
        "PageNumber",
        "PageSize",
    ],
    errors: &[codes::RESOURCE_DIRECTORY_NOT_IN_USE],
    summary: "Lists the services that work for the whole organization: ActionTrail, since the directory was enabled.",
    ..ROW
};
