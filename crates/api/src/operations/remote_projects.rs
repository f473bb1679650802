//! Projects of Log Service outside this node, made known to trails. Cairn's own: ActionTrail finds projects by itself.

use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const PROJECT_ARN: &[&str] = &["acs:cairn:*:{account}:remoteproject/{Name}"];
const TOUCHES_PROJECT: &[Touched] = &[Touched { kind: "ACS::Cairn::RemoteProject", param: "Name" }];
const NAME: Param = Param::text("Name", format::BUCKET_NAME, "the project's name in Log Service").required();

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::CreateRemoteProject,
    service: Service::Cairn,
    name: "",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Named,
    resources: PROJECT_ARN,
    touches: TOUCHES_PROJECT,
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const CREATE_REMOTE_PROJECT: Operation = Operation {
    id: OperationId::CreateRemoteProject,
    name: "CreateRemoteProject",
    params: &[
        NAME,
        Param::text("Endpoint", format::ANY, "Log Service's address, for example `cn-hangzhou.log.aliyuncs.com`")
            .required(),
        Param::text("ProjectAccessKeyId", format::ANY, "the key that may write to it").required(),
        Param::text("ProjectAccessKeySecret", format::ANY, "that key's secret; kept encrypted").required().secret(),
        Param::text("ProjectSecurityToken", format::DOCUMENT, "a session token, where the key needs one").secret(),
        Param::text(
            "ProjectRegion",
            format::ANY,
            "the region requests are signed for, with version 4; without one they are signed with version 1",
        ),
        Param::text("Description", format::DISPLAY_NAME, "for people"),
        Param::boolean("AllowHttp", "the endpoint may be plain HTTP"),
        Param::boolean("HostHeader", "the endpoint is an address: only the Host header names the project"),
        ACCOUNT_ID,
    ],
    returns: &["Project.Name", "Project.Endpoint", "Project.Region", "Project.Description", "Project.CreateTime"],
    errors: &[codes::PROJECT_ALREADY_EXISTS, codes::INVALID_PROJECT_CONFIGURATION],
    summary: "Makes a project of Log Service known to trails: one whose SlsProjectArn names it sends its events to the \
              Logstore `actiontrail_<trail>` there, which must exist. Each event arrives at least once.",
    ..ROW
};

pub(super) const DESCRIBE_REMOTE_PROJECTS: Operation = Operation {
    id: OperationId::DescribeRemoteProjects,
    name: "DescribeRemoteProjects",
    access: Access::Read,
    resources: &["acs:cairn:*:{account}:remoteproject/*"],
    touches: &[],
    params: &[
        Param::text("Marker", format::ANY, "`Marker` of the page before"),
        Param::integer("MaxItems", 1, 1000, "entries in a page").or("100"),
        ACCOUNT_ID,
    ],
    returns: &[
        "IsTruncated",
        "Marker",
        "Projects[].Name",
        "Projects[].Endpoint",
        "Projects[].Region",
        "Projects[].Description",
        "Projects[].CreateTime",
    ],
    summary: "Lists the account's remote projects by name, without their secrets.",
    ..ROW
};

pub(super) const DELETE_REMOTE_PROJECT: Operation = Operation {
    id: OperationId::DeleteRemoteProject,
    name: "DeleteRemoteProject",
    params: &[NAME, ACCOUNT_ID],
    errors: &[codes::PROJECT_NOT_FOUND, codes::PROJECT_IN_USE],
    summary: "Forgets a remote project that no trail names. What is in it stays.",
    ..ROW
};
