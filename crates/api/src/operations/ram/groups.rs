//! Groups: what a group may, its users may.

use super::super::{ACCOUNT_ID, OperationId};
use super::{
    GROUP, GROUP_ARN, GROUP_NAME, GROUP_POLICY_ARNS, MARKER, MAX_ITEMS, NO_RESOURCE_GROUPS, POLICY, POLICY_NAME,
    POLICY_TYPE, ROW, USER, USER_NAME,
};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation};
use crate::param::Param;

pub(in crate::operations) const CREATE_GROUP: Operation = Operation {
    id: OperationId::CreateGroup,
    name: "CreateGroup",
    resources: GROUP_ARN,
    touches: &[GROUP],
    params: &[GROUP_NAME, Param::text("Comments", format::ANY, "a remark"), ACCOUNT_ID],
    returns: &["Group.GroupId", "Group.GroupName", "Group.Comments", "Group.CreateDate"],
    errors: &[codes::ENTITY_ALREADY_EXISTS_GROUP],
    summary: "Creates a group without users and policies.",
    ..ROW
};

pub(in crate::operations) const GET_GROUP: Operation = Operation {
    id: OperationId::GetGroup,
    name: "GetGroup",
    access: Access::Read,
    resources: GROUP_ARN,
    touches: &[GROUP],
    params: &[GROUP_NAME, ACCOUNT_ID],
    returns: &["Group.GroupId", "Group.GroupName", "Group.Comments", "Group.CreateDate", "Group.UpdateDate"],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP],
    summary: "Shows a group.",
    ..ROW
};

pub(in crate::operations) const UPDATE_GROUP: Operation = Operation {
    id: OperationId::UpdateGroup,
    name: "UpdateGroup",
    // The handler asks for the new name as well.
    resources: GROUP_ARN,
    touches: &[GROUP],
    params: &[
        GROUP_NAME,
        Param::text("NewGroupName", format::ANY, "its new name"),
        Param::text("NewComments", format::ANY, "a new remark").keeps_empty(),
        ACCOUNT_ID,
    ],
    returns: &["Group.GroupId", "Group.GroupName", "Group.Comments", "Group.CreateDate", "Group.UpdateDate"],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP, codes::ENTITY_ALREADY_EXISTS_GROUP],
    summary: "Gives a group another name or remark. Its users and policies stay.",
    ..ROW
};

pub(in crate::operations) const LIST_GROUPS: Operation = Operation {
    id: OperationId::ListGroups,
    name: "ListGroups",
    access: Access::Read,
    resources: &["acs:ram:*:{account}:group/*"],
    touches: &[],
    params: &[MARKER, MAX_ITEMS, ACCOUNT_ID],
    returns: &[
        "IsTruncated",
        "Marker",
        "Groups.Group[].GroupId",
        "Groups.Group[].GroupName",
        "Groups.Group[].Comments",
        "Groups.Group[].CreateDate",
        "Groups.Group[].UpdateDate",
    ],
    summary: "Lists the groups by name.",
    ..ROW
};

pub(in crate::operations) const DELETE_GROUP: Operation = Operation {
    id: OperationId::DeleteGroup,
    name: "DeleteGroup",
    resources: GROUP_ARN,
    touches: &[GROUP],
    params: &[GROUP_NAME, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP, codes::DELETE_CONFLICT_GROUP_USER, codes::DELETE_CONFLICT_GROUP_POLICY],
    summary: "Deletes a group that has neither users nor policies.",
    ..ROW
};

pub(in crate::operations) const ADD_USER_TO_GROUP: Operation = Operation {
    id: OperationId::AddUserToGroup,
    name: "AddUserToGroup",
    resources: &["acs:ram:*:{account}:group/{GroupName}", "acs:ram:*:{account}:user/{UserName}"],
    touches: &[GROUP, USER],
    params: &[USER_NAME.required(), GROUP_NAME, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_GROUP, codes::ENTITY_ALREADY_EXISTS_USER_GROUP],
    summary: "Puts a user into a group; it counts from the next request on.",
    ..ROW
};

pub(in crate::operations) const REMOVE_USER_FROM_GROUP: Operation = Operation {
    id: OperationId::RemoveUserFromGroup,
    name: "RemoveUserFromGroup",
    resources: &["acs:ram:*:{account}:group/{GroupName}", "acs:ram:*:{account}:user/{UserName}"],
    touches: &[GROUP, USER],
    params: &[USER_NAME.required(), GROUP_NAME, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_USER, codes::ENTITY_NOT_EXIST_GROUP, codes::ENTITY_NOT_EXIST_USER_GROUP],
    summary: "Takes a user out of a group; it counts from the next request on.",
    ..ROW
};

pub(in crate::operations) const LIST_GROUPS_FOR_USER: Operation = Operation {
    id: OperationId::ListGroupsForUser,
    name: "ListGroupsForUser",
    access: Access::Read,
    resources: super::USER_ARN,
    touches: &[USER],
    params: &[USER_NAME.required(), ACCOUNT_ID],
    returns: &[
        "Groups.Group[].GroupId",
        "Groups.Group[].GroupName",
        "Groups.Group[].Comments",
        "Groups.Group[].JoinDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_USER],
    summary: "Lists the groups of a user.",
    ..ROW
};

pub(in crate::operations) const LIST_USERS_FOR_GROUP: Operation = Operation {
    id: OperationId::ListUsersForGroup,
    name: "ListUsersForGroup",
    access: Access::Read,
    resources: GROUP_ARN,
    touches: &[GROUP],
    params: &[GROUP_NAME, MARKER, MAX_ITEMS, ACCOUNT_ID],
    returns: &["IsTruncated", "Marker", "Users.User[].UserName", "Users.User[].DisplayName", "Users.User[].JoinDate"],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP],
    summary: "Lists the users of a group by name.",
    ..ROW
};

pub(in crate::operations) const ATTACH_POLICY_TO_GROUP: Operation = Operation {
    id: OperationId::AttachPolicyToGroup,
    name: "AttachPolicyToGroup",
    resources: GROUP_POLICY_ARNS,
    touches: &[GROUP, POLICY],
    params: &[POLICY_TYPE.required(), POLICY_NAME, GROUP_NAME, NO_RESOURCE_GROUPS, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP, codes::ENTITY_NOT_EXIST_POLICY, codes::ENTITY_ALREADY_EXISTS_GROUP_POLICY],
    summary: "Gives all users of a group a policy; it counts from the next request on.",
    ..ROW
};

pub(in crate::operations) const DETACH_POLICY_FROM_GROUP: Operation = Operation {
    id: OperationId::DetachPolicyFromGroup,
    name: "DetachPolicyFromGroup",
    resources: GROUP_POLICY_ARNS,
    touches: &[GROUP, POLICY],
    params: &[POLICY_TYPE.required(), POLICY_NAME, GROUP_NAME, NO_RESOURCE_GROUPS, ACCOUNT_ID],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP, codes::ENTITY_NOT_EXIST_GROUP_POLICY],
    summary: "Takes a policy from a group; it counts from the next request on.",
    ..ROW
};

pub(in crate::operations) const LIST_POLICIES_FOR_GROUP: Operation = Operation {
    id: OperationId::ListPoliciesForGroup,
    name: "ListPoliciesForGroup",
    access: Access::Read,
    resources: GROUP_ARN,
    touches: &[GROUP],
    params: &[GROUP_NAME, ACCOUNT_ID],
    returns: &[
        "Policies.Policy[].PolicyName",
        "Policies.Policy[].PolicyType",
        "Policies.Policy[].Description",
        "Policies.Policy[].DefaultVersion",
        "Policies.Policy[].AttachDate",
    ],
    errors: &[codes::ENTITY_NOT_EXIST_GROUP],
    summary: "Lists the policies of a group.",
    ..ROW
};
