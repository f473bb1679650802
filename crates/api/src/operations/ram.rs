//! The part of RAM an audit trail needs: users, their keys, policies and who has them. Shapes and codes are those of
//! API version 2015-05-01; `AccountId` is ours.

mod groups;
mod logins;
mod roles;
mod versions;

pub(super) use groups::*;
pub(super) use logins::*;
pub(super) use roles::*;
pub(super) use versions::*;

use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const USER_ARN: &[&str] = &["acs:ram:*:{account}:user/{UserName}"];
const POLICY_ARN: &[&str] = &["acs:ram:*:{account}:policy/{PolicyName}"];
const BOTH_ARNS: &[&str] = &["acs:ram:*:{account}:user/{UserName}", "acs:ram:*:{account}:policy/{PolicyName}"];

const GROUP_ARN: &[&str] = &["acs:ram:*:{account}:group/{GroupName}"];
const GROUP_POLICY_ARNS: &[&str] =
    &["acs:ram:*:{account}:group/{GroupName}", "acs:ram:*:{account}:policy/{PolicyName}"];

const USER: Touched = Touched { kind: "ACS::RAM::User", param: "UserName" };
const POLICY: Touched = Touched { kind: "ACS::RAM::Policy", param: "PolicyName" };
const GROUP: Touched = Touched { kind: "ACS::RAM::Group", param: "GroupName" };
const ACCESS_KEY: Touched = Touched { kind: "ACS::RAM::AccessKey", param: "UserAccessKeyId" };

const USER_NAME: Param = Param::text("UserName", format::ANY, "the user");
const GROUP_NAME: Param = Param::text("GroupName", format::ANY, "the group").required();
/// The key operations act on the caller's own keys when no user is named, as in RAM.
const OWN_OR_USER_NAME: Param =
    Param::text("UserName", format::ANY, "the user whose keys are meant; the account itself for its own credentials")
        .or_callers_name();
const POLICY_NAME: Param = Param::text("PolicyName", format::ANY, "the policy").required();
const POLICY_TYPE: Param = Param::choice("PolicyType", &["System", "Custom"], "built in, or of the account");
const KEY_ID: Param = Param::text("UserAccessKeyId", format::ANY, "the access key").required();
const MARKER: Param = Param::text("Marker", format::ANY, "`Marker` of the page before");
const MAX_ITEMS: Param = Param::integer("MaxItems", 1, 1000, "entries in a page").or("100");
const NO_TAGS: Param = Param::unsupported("Tag.1.Key", "policies have no tags");
const NO_RESOURCE_GROUPS: Param = Param::unsupported("ResourceGroupId", "there are no resource groups");

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::CreateUser,
    service: Service::Ram,
    name: "",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Named,
    resources: USER_ARN,
    touches: &[USER],
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const CREATE_USER: Operation = Operation {
    id: OperationId::CreateUser,
    name: "CreateUser",
    params: &[
        USER_NAME.required(),
        Param::text("DisplayName", format::DISPLAY_NAME, "the name people see; the user's name when absent"),
        Param::text("Comments", format::DISPLAY_NAME, "a remark"),
        Param::unsupported("Email", "users have no mail address here"),
        Param::unsupported("MobilePhone", "users have no telephone number here"),
        ACCOUNT_ID,
    ],
    returns: &["User.UserId", "User.UserName", "User.DisplayName", "User.Comments", "User.CreateDate"],
    errors: &[codes::ENTITY_ALREADY_EXISTS_USER],
    summary: "Creates a RAM user. It may do nothing until a policy is attached.",
    ..ROW
};

pub(super) const GET_USER: Operation = Operation {
    id: OperationId::GetUser,
    name: "GetUser",
    access: Access::Read,
    params: &[USER_NAME.required(), ACCOUNT_ID],
    returns: &[
        "User.UserId",
        "User.UserName",
        "User.DisplayName",
        "User.Comments",
        "User.CreateDate",
        "User.UpdateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER],
    summary: "Shows a RAM user.",
    ..ROW
};

pub(super) const LIST_USERS: Operation = Operation {
    id: OperationId::ListUsers,
    name: "ListUsers",
    access: Access::Read,
    resources: &["acs:ram:*:{account}:user/*"],
    touches: &[],
    params: &[MARKER, MAX_ITEMS, ACCOUNT_ID],
    returns: &[
        "IsTruncated",
        "Marker",
        "Users.User[].UserId",
        "Users.User[].UserName",
        "Users.User[].DisplayName",
        "Users.User[].Comments",
        "Users.User[].CreateDate",
        "Users.User[].UpdateDate",
    ],
    summary: "Lists the RAM users by name.",
    ..ROW
};

pub(super) const DELETE_USER: Operation = Operation {
    id: OperationId::DeleteUser,
    name: "DeleteUser",
    params: &[USER_NAME.required(), ACCOUNT_ID],
    errors: &[
        codes::ENTITY_NOT_EXIST_USER,
        codes::DELETE_CONFLICT_USER_ACCESS_KEY,
        codes::DELETE_CONFLICT_USER_POLICY,
        codes::DELETE_CONFLICT_USER_GROUP,
        codes::DELETE_CONFLICT_USER_MFA_DEVICE,
        codes::DELETE_CONFLICT_USER_LOGIN_PROFILE,
    ],
    summary: "Deletes a RAM user that has nothing any more: no keys, policies, groups, password and second factor.",
    ..ROW
};

pub(super) const CREATE_ACCESS_KEY: Operation = Operation {
    id: OperationId::CreateAccessKey,
    name: "CreateAccessKey",
    sensitive: true,
    params: &[OWN_OR_USER_NAME, ACCOUNT_ID],
    returns: &["AccessKey.AccessKeyId", "AccessKey.AccessKeySecret", "AccessKey.Status", "AccessKey.CreateDate"],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::LIMIT_EXCEEDED_ACCESS_KEY],
    summary: "Creates an access key. The secret is shown this once.",
    ..ROW
};

pub(super) const UPDATE_ACCESS_KEY: Operation = Operation {
    id: OperationId::UpdateAccessKey,
    name: "UpdateAccessKey",
    touches: &[USER, ACCESS_KEY],
    params: &[
        KEY_ID,
        Param::choice("Status", &["Active", "Inactive"], "whether the key opens anything").required(),
        OWN_OR_USER_NAME,
        ACCOUNT_ID,
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_ACCESS_KEY],
    summary: "Enables or disables an access key, at once.",
    ..ROW
};

pub(super) const DELETE_ACCESS_KEY: Operation = Operation {
    id: OperationId::DeleteAccessKey,
    name: "DeleteAccessKey",
    touches: &[USER, ACCESS_KEY],
    params: &[KEY_ID, OWN_OR_USER_NAME, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_ACCESS_KEY],
    summary: "Deletes an access key, at once.",
    ..ROW
};

pub(super) const LIST_ACCESS_KEYS: Operation = Operation {
    id: OperationId::ListAccessKeys,
    name: "ListAccessKeys",
    access: Access::Read,
    params: &[OWN_OR_USER_NAME, ACCOUNT_ID],
    returns: &[
        "AccessKeys.AccessKey[].AccessKeyId",
        "AccessKeys.AccessKey[].Status",
        "AccessKeys.AccessKey[].CreateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER],
    summary: "Lists the access keys of a user, without their secrets.",
    ..ROW
};

pub(super) const CREATE_POLICY: Operation = Operation {
    id: OperationId::CreatePolicy,
    name: "CreatePolicy",
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[
        POLICY_NAME,
        Param::text("PolicyDocument", format::DOCUMENT, "what is allowed and denied, in RAM's language").required(),
        Param::text("Description", format::ANY, "a remark"),
        NO_TAGS,
        ACCOUNT_ID,
    ],
    returns: &[
        "Policy.PolicyName",
        "Policy.PolicyType",
        "Policy.Description",
        "Policy.DefaultVersion",
        "Policy.CreateDate",
    ],
    errors: &[codes::ENTITY_ALREADY_EXISTS_POLICY, codes::MALFORMED_POLICY_DOCUMENT],
    summary: "Creates a policy of the account.",
    ..ROW
};

pub(super) const GET_POLICY: Operation = Operation {
    id: OperationId::GetPolicy,
    name: "GetPolicy",
    access: Access::Read,
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, POLICY_TYPE.required(), ACCOUNT_ID],
    returns: &[
        "Policy.PolicyName",
        "Policy.PolicyType",
        "Policy.Description",
        "Policy.DefaultVersion",
        "Policy.PolicyDocument",
        "Policy.AttachmentCount",
        "Policy.CreateDate",
        "Policy.UpdateDate",
        "DefaultPolicyVersion.VersionId",
        "DefaultPolicyVersion.IsDefaultVersion",
        "DefaultPolicyVersion.PolicyDocument",
        "DefaultPolicyVersion.CreateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_POLICY],
    summary: "Shows a policy and its document.",
    ..ROW
};

pub(super) const DELETE_POLICY: Operation = Operation {
    id: OperationId::DeletePolicy,
    name: "DeletePolicy",
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, Param::unsupported("CascadingDelete", "detach the policy from its users first"), ACCOUNT_ID],
    errors: &[
        codes::ENTITY_NOT_EXIST_POLICY,
        codes::DELETE_CONFLICT_POLICY_USER,
        codes::DELETE_CONFLICT_POLICY_GROUP,
        codes::DELETE_CONFLICT_POLICY_ROLE,
    ],
    summary: "Deletes a policy of the account that is attached to nobody.",
    ..ROW
};

pub(super) const LIST_POLICIES: Operation = Operation {
    id: OperationId::ListPolicies,
    name: "ListPolicies",
    access: Access::Read,
    resources: &["acs:ram:*:{account}:policy/*"],
    touches: &[],
    params: &[POLICY_TYPE, MARKER, MAX_ITEMS, NO_TAGS, ACCOUNT_ID],
    returns: &[
        "IsTruncated",
        "Marker",
        "Policies.Policy[].PolicyName",
        "Policies.Policy[].PolicyType",
        "Policies.Policy[].Description",
        "Policies.Policy[].DefaultVersion",
        "Policies.Policy[].AttachmentCount",
        "Policies.Policy[].CreateDate",
        "Policies.Policy[].UpdateDate",
    ],
    summary: "Lists the built-in policies and those of the account, by name.",
    ..ROW
};

pub(super) const ATTACH_POLICY_TO_USER: Operation = Operation {
    id: OperationId::AttachPolicyToUser,
    name: "AttachPolicyToUser",
    resources: BOTH_ARNS,
    touches: &[USER, POLICY],
    params: &[POLICY_TYPE.required(), POLICY_NAME, USER_NAME.required(), NO_RESOURCE_GROUPS, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_POLICY, codes::ENTITY_ALREADY_EXISTS_USER_POLICY],
    summary: "Gives a user a policy; it counts from the next request on.",
    ..ROW
};

pub(super) const DETACH_POLICY_FROM_USER: Operation = Operation {
    id: OperationId::DetachPolicyFromUser,
    name: "DetachPolicyFromUser",
    resources: BOTH_ARNS,
    touches: &[USER, POLICY],
    params: &[POLICY_TYPE.required(), POLICY_NAME, USER_NAME.required(), NO_RESOURCE_GROUPS, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_USER_POLICY],
    summary: "Takes a policy from a user; it counts from the next request on.",
    ..ROW
};

pub(super) const LIST_POLICIES_FOR_USER: Operation = Operation {
    id: OperationId::ListPoliciesForUser,
    name: "ListPoliciesForUser",
    access: Access::Read,
    params: &[USER_NAME.required(), ACCOUNT_ID],
    returns: &[
        "Policies.Policy[].PolicyName",
        "Policies.Policy[].PolicyType",
        "Policies.Policy[].Description",
        "Policies.Policy[].DefaultVersion",
        "Policies.Policy[].AttachDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER],
    summary: "Lists the policies of a user.",
    ..ROW
};
