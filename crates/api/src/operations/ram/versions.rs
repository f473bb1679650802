//! Versions of policies; one of them counts. And changing users.

use super::super::{ACCOUNT_ID, OperationId};
use super::{ACCESS_KEY, KEY_ID, OWN_OR_USER_NAME, POLICY, POLICY_ARN, POLICY_NAME, POLICY_TYPE, ROW, USER, USER_NAME};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation};
use crate::param::Param;

const VERSION_ID: Param = Param::text("VersionId", format::ANY, "the version, for example `v2`").required();

pub(in crate::operations) const CREATE_POLICY_VERSION: Operation = Operation {
    id: OperationId::CreatePolicyVersion,
    name: "CreatePolicyVersion",
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[
        POLICY_NAME,
        Param::text("PolicyDocument", format::DOCUMENT, "what is allowed and denied, in RAM's language").required(),
        Param::boolean("SetAsDefault", "whether it counts from the next request on"),
        Param::choice(
            "RotateStrategy",
            &["None", "DeleteOldestNonDefaultVersionWhenLimitExceeded"],
            "what happens when there are five",
        )
        .or("None"),
        ACCOUNT_ID,
    ],
    returns: &[
        "PolicyVersion.VersionId",
        "PolicyVersion.IsDefaultVersion",
        "PolicyVersion.CreateDate",
        "PolicyVersion.PolicyDocument",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_POLICY, codes::MALFORMED_POLICY_DOCUMENT, codes::LIMIT_EXCEEDED_POLICY_VERSION],
    summary: "Adds a version to a policy of the account; a policy has five at most.",
    ..ROW
};

pub(in crate::operations) const GET_POLICY_VERSION: Operation = Operation {
    id: OperationId::GetPolicyVersion,
    name: "GetPolicyVersion",
    access: Access::Read,
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, POLICY_TYPE.required(), VERSION_ID, ACCOUNT_ID],
    returns: &[
        "PolicyVersion.VersionId",
        "PolicyVersion.IsDefaultVersion",
        "PolicyVersion.CreateDate",
        "PolicyVersion.PolicyDocument",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_POLICY, codes::ENTITY_NOT_EXIST_POLICY_VERSION],
    summary: "Shows a version of a policy and its document.",
    ..ROW
};

pub(in crate::operations) const LIST_POLICY_VERSIONS: Operation = Operation {
    id: OperationId::ListPolicyVersions,
    name: "ListPolicyVersions",
    access: Access::Read,
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, POLICY_TYPE.required(), ACCOUNT_ID],
    returns: &[
        "PolicyVersions.PolicyVersion[].VersionId",
        "PolicyVersions.PolicyVersion[].IsDefaultVersion",
        "PolicyVersions.PolicyVersion[].CreateDate",
        "PolicyVersions.PolicyVersion[].PolicyDocument",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_POLICY],
    summary: "Lists the versions of a policy, oldest first.",
    ..ROW
};

pub(in crate::operations) const SET_DEFAULT_POLICY_VERSION: Operation = Operation {
    id: OperationId::SetDefaultPolicyVersion,
    name: "SetDefaultPolicyVersion",
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, VERSION_ID, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_POLICY, codes::ENTITY_NOT_EXIST_POLICY_VERSION],
    summary: "Makes another version of a policy the one that counts, from the next request on.",
    ..ROW
};

pub(in crate::operations) const DELETE_POLICY_VERSION: Operation = Operation {
    id: OperationId::DeletePolicyVersion,
    name: "DeletePolicyVersion",
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, VERSION_ID, ACCOUNT_ID],
    errors: &[
        codes::ENTITY_NOT_EXIST_POLICY,
        codes::ENTITY_NOT_EXIST_POLICY_VERSION,
        codes::DELETE_CONFLICT_POLICY_VERSION_DEFAULT,
    ],
    summary: "Deletes a version of a policy that does not count.",
    ..ROW
};

pub(in crate::operations) const UPDATE_USER: Operation = Operation {
    id: OperationId::UpdateUser,
    name: "UpdateUser",
    // The handler asks for the new name as well.
    touches: &[USER],
    params: &[
        USER_NAME.required(),
        Param::text("NewUserName", format::ANY, "its new name"),
        Param::text("NewDisplayName", format::DISPLAY_NAME, "the new name people see"),
        Param::text("NewComments", format::ANY, "a new remark").keeps_empty(),
        Param::unsupported("NewEmail", "users have no mail address here"),
        Param::unsupported("NewMobilePhone", "users have no telephone number here"),
        ACCOUNT_ID,
    ],
    returns: &[
        "User.UserId",
        "User.UserName",
        "User.DisplayName",
        "User.Comments",
        "User.CreateDate",
        "User.UpdateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_ALREADY_EXISTS_USER],
    summary: "Gives a user another name, display name or remark. Its keys, policies and groups stay.",
    ..ROW
};

pub(in crate::operations) const GET_ACCESS_KEY_LAST_USED: Operation = Operation {
    id: OperationId::GetAccessKeyLastUsed,
    name: "GetAccessKeyLastUsed",
    access: Access::Read,
    touches: &[USER, ACCESS_KEY],
    params: &[KEY_ID, OWN_OR_USER_NAME, ACCOUNT_ID],
    returns: &["AccessKeyLastUsed.LastUsedDate"],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_ACCESS_KEY],
    summary: "Shows when an access key was last seen in an event of the account.",
    ..ROW
};
