//! What an account says about ActionTrail as a whole: that it uses it, its service-linked role, its default trail.
//!
//! None of these operations has a published shape; names and fields follow their neighbours.

use super::OperationId;
use super::delivery::ROW;
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Touched};
use crate::param::Param;

const DEFAULT_TRAIL_FIELDS: &[&str] = &["Name", "TrailArn", "HomeRegion"];

pub(super) const CREATE_SERVICE_LINKED_ROLE: Operation = Operation {
    id: OperationId::CreateServiceLinkedRole,
    name: "CreateServiceLinkedRole",
    resources: &["acs:ram:*:{account}:role/*"],
    params: &[Param::choice("ServiceName", &["actiontrail.aliyuncs.com"], "the service the role is for")
        .or("actiontrail.aliyuncs.com")],
    returns: &["RoleName", "RoleArn", "AlreadyExisted"],
    summary: "Creates the role AliyunServiceRoleForActionTrail with its policy, unless the account has it.",
    ..ROW
};

pub(super) const OPEN_SERVICE: Operation = Operation {
    id: OperationId::OpenService,
    name: "OpenService",
    returns: &["OpenTime"],
    summary: "Opens the service for the account. The first time counts; nothing depends on it but this answer.",
    ..ROW
};

pub(super) const LIST_SERVICE_TRAIL: Operation = Operation {
    id: OperationId::ListServiceTrail,
    name: "ListServiceTrail",
    access: Access::Read,
    returns: &[
        "TrailList[].Name",
        "TrailList[].TrailArn",
        "TrailList[].ServiceName",
        "TrailList[].Status",
        "TrailList[].HomeRegion",
        "TrailList[].OssBucketName",
        "TrailList[].CreateTime",
    ],
    summary: "Lists the trails that were made for other services, by name.",
    ..ROW
};

pub(super) const GET_DEFAULT_TRAIL: Operation = Operation {
    id: OperationId::GetDefaultTrail,
    name: "GetDefaultTrail",
    access: Access::Read,
    returns: DEFAULT_TRAIL_FIELDS,
    summary: "Names the account's default trail; the fields are empty when there is none.",
    ..ROW
};

pub(super) const SET_DEFAULT_TRAIL: Operation = Operation {
    id: OperationId::SetDefaultTrail,
    name: "SetDefaultTrail",
    resources: &["acs:actiontrail:{home}:{account}:trail/{Name}"],
    touches: &[Touched { kind: "ACS::ActionTrail::Trail", param: "Name" }],
    params: &[Param::text("Name", format::TRAIL_NAME, "the trail").required().refused_as(codes::TRAIL_NOT_FOUND)],
    returns: DEFAULT_TRAIL_FIELDS,
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "Makes a trail the account's default one, in place of the one before.",
    ..ROW
};

pub(super) const REMOVE_DEFAULT_TRAIL: Operation = Operation {
    id: OperationId::RemoveDefaultTrail,
    name: "RemoveDefaultTrail",
    summary: "Leaves the account without a default trail. The trail itself stays.",
    ..ROW
};
