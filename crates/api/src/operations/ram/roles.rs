//! Roles: what somebody else may become for a while.

use super::super::{ACCOUNT_ID, OperationId};
use super::{MARKER, MAX_ITEMS, NO_RESOURCE_GROUPS, POLICY, POLICY_ARN, POLICY_NAME, POLICY_TYPE, ROW};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Touched};
use crate::param::Param;

const ROLE_ARN: &[&str] = &["acs:ram:*:{account}:role/{RoleName}"];
const BOTH_ARNS: &[&str] = &["acs:ram:*:{account}:role/{RoleName}", "acs:ram:*:{account}:policy/{PolicyName}"];
const ROLE: Touched = Touched { kind: "ACS::RAM::Role", param: "RoleName" };
const ROLE_NAME: Param = Param::text("RoleName", format::ANY, "the role").required();
const NO_TAGS: Param = Param::unsupported("Tag.1.Key", "roles have no tags");

pub(in crate::operations) const CREATE_ROLE: Operation = Operation {
    id: OperationId::CreateRole,
    name: "CreateRole",
    resources: ROLE_ARN,
    touches: &[ROLE],
    params: &[
        ROLE_NAME,
        Param::text("AssumeRolePolicyDocument", format::DOCUMENT, "who may become it, in RAM's language").required(),
        Param::text("Description", format::ANY, "a remark"),
        Param::integer("MaxSessionDuration", 3600, 43_200, "how long a session may last, in seconds").or("3600"),
        Param::unsupported("AllowConsoleLogin", "roles are assumed, they do not sign in"),
        NO_TAGS,
        ACCOUNT_ID,
    ],
    returns: &[
        "Role.RoleId",
        "Role.RoleName",
        "Role.Arn",
        "Role.Description",
        "Role.AssumeRolePolicyDocument",
        "Role.MaxSessionDuration",
        "Role.CreateDate",
    ],
    errors: &[codes::ENTITY_ALREADY_EXISTS_ROLE, codes::MALFORMED_POLICY_DOCUMENT, codes::SERVICE_LINKED_ROLE],
    summary: "Creates a role. It may do nothing until a policy is attached.",
    ..ROW
};

pub(in crate::operations) const GET_ROLE: Operation = Operation {
    id: OperationId::GetRole,
    name: "GetRole",
    access: Access::Read,
    resources: ROLE_ARN,
    touches: &[ROLE],
    params: &[ROLE_NAME, ACCOUNT_ID],
    returns: &[
        "Role.RoleId",
        "Role.RoleName",
        "Role.Arn",
        "Role.Description",
        "Role.AssumeRolePolicyDocument",
        "Role.MaxSessionDuration",
        "Role.CreateDate",
        "Role.UpdateDate",
        "Role.IsServiceLinkedRole",
        "Role.RolePrincipalName",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_ROLE],
    summary: "Shows a role and who may become it.",
    ..ROW
};

pub(in crate::operations) const UPDATE_ROLE: Operation = Operation {
    id: OperationId::UpdateRole,
    name: "UpdateRole",
    resources: ROLE_ARN,
    touches: &[ROLE],
    params: &[
        ROLE_NAME,
        Param::text("NewAssumeRolePolicyDocument", format::DOCUMENT, "who may become it from now on"),
        Param::text("NewDescription", format::ANY, "a new remark").keeps_empty(),
        Param::integer("NewMaxSessionDuration", 3600, 43_200, "how long a session may last from now on, in seconds"),
        Param::unsupported("NewAllowConsoleLogin", "roles are assumed, they do not sign in"),
        ACCOUNT_ID,
    ],
    returns: &[
        "Role.RoleId",
        "Role.RoleName",
        "Role.Arn",
        "Role.Description",
        "Role.AssumeRolePolicyDocument",
        "Role.MaxSessionDuration",
        "Role.CreateDate",
        "Role.UpdateDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_ROLE, codes::MALFORMED_POLICY_DOCUMENT, codes::SERVICE_LINKED_ROLE],
    summary: "Changes a role. Sessions that have begun go on.",
    ..ROW
};

pub(in crate::operations) const LIST_ROLES: Operation = Operation {
    id: OperationId::ListRoles,
    name: "ListRoles",
    access: Access::Read,
    resources: &["acs:ram:*:{account}:role/*"],
    touches: &[],
    params: &[MARKER, MAX_ITEMS, NO_TAGS, ACCOUNT_ID],
    returns: &[
        "IsTruncated",
        "Marker",
        "Roles.Role[].RoleId",
        "Roles.Role[].RoleName",
        "Roles.Role[].Arn",
        "Roles.Role[].Description",
        "Roles.Role[].MaxSessionDuration",
        "Roles.Role[].CreateDate",
        "Roles.Role[].UpdateDate",
    ],
    summary: "Lists the roles by name.",
    ..ROW
};

pub(in crate::operations) const DELETE_ROLE: Operation = Operation {
    id: OperationId::DeleteRole,
    name: "DeleteRole",
    resources: ROLE_ARN,
    touches: &[ROLE],
    params: &[ROLE_NAME, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_ROLE, codes::DELETE_CONFLICT_ROLE_POLICY],
    summary: "Deletes a role that has no policies, and ends its sessions. A service-linked role takes its policy with it.",
    ..ROW
};

pub(in crate::operations) const ATTACH_POLICY_TO_ROLE: Operation = Operation {
    id: OperationId::AttachPolicyToRole,
    name: "AttachPolicyToRole",
    resources: BOTH_ARNS,
    touches: &[ROLE, POLICY],
    params: &[POLICY_TYPE.required(), POLICY_NAME, ROLE_NAME, NO_RESOURCE_GROUPS, ACCOUNT_ID],
    errors: &[
        codes::ENTITY_NOT_EXIST_ROLE,
        codes::ENTITY_NOT_EXIST_POLICY,
        codes::ENTITY_ALREADY_EXISTS_ROLE_POLICY,
        codes::SERVICE_LINKED_ROLE,
    ],
    summary: "Gives a role a policy; it counts from the next request on, also in sessions that have begun.",
    ..ROW
};

pub(in crate::operations) const DETACH_POLICY_FROM_ROLE: Operation = Operation {
    id: OperationId::DetachPolicyFromRole,
    name: "DetachPolicyFromRole",
    resources: BOTH_ARNS,
    touches: &[ROLE, POLICY],
    params: &[POLICY_TYPE.required(), POLICY_NAME, ROLE_NAME, NO_RESOURCE_GROUPS, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_ROLE, codes::ENTITY_NOT_EXIST_ROLE_POLICY, codes::SERVICE_LINKED_ROLE],
    summary: "Takes a policy from a role; it counts from the next request on, also in sessions that have begun.",
    ..ROW
};

pub(in crate::operations) const LIST_POLICIES_FOR_ROLE: Operation = Operation {
    id: OperationId::ListPoliciesForRole,
    name: "ListPoliciesForRole",
    access: Access::Read,
    resources: ROLE_ARN,
    touches: &[ROLE],
    params: &[ROLE_NAME, ACCOUNT_ID],
    returns: &[
        "Policies.Policy[].PolicyName",
        "Policies.Policy[].PolicyType",
        "Policies.Policy[].Description",
        "Policies.Policy[].DefaultVersion",
        "Policies.Policy[].AttachDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_ROLE],
    summary: "Lists the policies of a role.",
    ..ROW
};

pub(in crate::operations) const LIST_ENTITIES_FOR_POLICY: Operation = Operation {
    id: OperationId::ListEntitiesForPolicy,
    name: "ListEntitiesForPolicy",
    access: Access::Read,
    resources: POLICY_ARN,
    touches: &[POLICY],
    params: &[POLICY_NAME, POLICY_TYPE.required(), ACCOUNT_ID],
    returns: &[
        "Users.User[].UserId",
        "Users.User[].UserName",
        "Users.User[].DisplayName",
        "Users.User[].AttachDate",
        "Groups.Group[].GroupName",
        "Groups.Group[].Comments",
        "Groups.Group[].AttachDate",
        "Roles.Role[].RoleId",
        "Roles.Role[].RoleName",
        "Roles.Role[].Arn",
        "Roles.Role[].Description",
        "Roles.Role[].AttachDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_POLICY],
    summary: "Lists the users, groups and roles that have a policy.",
    ..ROW
};
