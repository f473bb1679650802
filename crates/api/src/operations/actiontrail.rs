//! ActionTrail's operations: trails and lookups. Names, values and codes are those of API version 2020-07-06.

mod access_keys;
mod counts;
mod data_events;
mod insights;
mod queries;

pub(super) use access_keys::*;
pub(super) use counts::*;
pub(super) use data_events::*;
pub(super) use insights::*;
pub(super) use queries::*;

use super::OperationId;
use crate::catalogue::INSIGHT_TYPES;
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const TRAIL_ARN: &[&str] = &["acs:actiontrail:{home}:{account}:trail/{Name}"];
const TOUCHES_TRAIL: &[Touched] = &[Touched { kind: "ACS::ActionTrail::Trail", param: "Name" }];

const NAME: Param = Param::text("Name", format::TRAIL_NAME, "the trail");
/// For a trail that must exist: a name that cannot be is the name of no trail.
const EXISTING: Param = NAME.required().refused_as(codes::TRAIL_NOT_FOUND);

const EVENT_RW: Param = Param::choice("EventRW", &["Write", "Read", "All"], "which events are delivered");
const TRAIL_REGION: Param = Param::text("TrailRegion", format::TRAIL_REGIONS, "the regions whose events are delivered");
const OSS_BUCKET_NAME: Param = Param::text(
    "OssBucketName",
    format::BUCKET_NAME,
    "the bucket to deliver to; it must have been made known with CreateBucket and be writable",
);
const OSS_KEY_PREFIX: Param =
    Param::text("OssKeyPrefix", format::KEY_PREFIX, "what object keys start with").refused_as(codes::INVALID_PREFIX);
const OSS_WRITE_ROLE_ARN: Param = Param::text(
    "OssWriteRoleArn",
    format::ROLE_ARN,
    "the role that lets Cairn write: a bucket of the role's account is meant. Its trust policy must admit \
         `<the trail's account>@actiontrail.aliyuncs.com`, its policies `oss:PutObject` below the prefix. Without one \
         the account's own bucket is meant, and nothing more is needed",
);
pub(super) const SLS_PROJECT_ARN: Param = Param::text(
    "SlsProjectArn",
    format::LOG_PROJECT_ARN,
    "the project of Log Service whose Logstore `actiontrail_<trail>` shows the events; it must exist, in this node or \
         as a remote project. Its region is a label",
)
.refused_as(codes::SLS_PROJECT_DOES_NOT_EXIST);
pub(super) const SLS_WRITE_ROLE_ARN: Param = Param::text(
    "SlsWriteRoleArn",
    format::ROLE_ARN,
    "the role that lets Cairn write there, for a project of another account. Its trust policy must admit \
         `<the trail's account>@actiontrail.aliyuncs.com`, its policies `log:PostLogStoreLogs` on the Logstore",
)
.refused_as(codes::INVALID_DELIVERY_CONFIGURATION);
pub(super) const MAX_COMPUTE_PROJECT_ARN: Param = Param::text(
    "MaxComputeProjectArn",
    format::MAX_COMPUTE_PROJECT_ARN,
    "the project whose table `actiontrail_<trail>` takes the events; both are made when the first ones are written",
)
.refused_as(codes::INVALID_DELIVERY_CONFIGURATION);
pub(super) const MAX_COMPUTE_WRITE_ROLE_ARN: Param = Param::text(
    "MaxComputeWriteRoleArn",
    format::ROLE_ARN,
    "the role that lets Cairn write there, for a project of another account: it must admit the trail's account as above \
         and allow `odps:Update` on `acs:odps:*:<account>:projects/<project>/tables/<table>`",
)
.refused_as(codes::INVALID_DELIVERY_CONFIGURATION);
const IS_ORGANIZATION_TRAIL: Param = Param::boolean(
    "IsOrganizationTrail",
    "a trail of the whole organization: for its management account and delegated administrators; cannot be changed",
);

const TRAIL_FIELDS: &[&str] = &[
    "Name",
    "HomeRegion",
    "EventRW",
    "TrailRegion",
    "OssBucketName",
    "OssKeyPrefix",
    "OssWriteRoleArn",
    "SlsProjectArn",
    "SlsWriteRoleArn",
    "MaxComputeProjectArn",
    "MaxComputeWriteRoleArn",
];

pub(super) const CREATE_TRAIL: Operation = Operation {
    id: OperationId::CreateTrail,
    service: Service::Actiontrail,
    name: "CreateTrail",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Own,
    resources: &["acs:actiontrail:{region}:{account}:trail/{Name}"],
    touches: TOUCHES_TRAIL,
    params: &[
        NAME.required().refused_as(codes::INVALID_TRAIL_NAME),
        EVENT_RW.or("All"),
        TRAIL_REGION.or("All"),
        OSS_BUCKET_NAME,
        OSS_KEY_PREFIX,
        OSS_WRITE_ROLE_ARN,
        SLS_PROJECT_ARN,
        SLS_WRITE_ROLE_ARN,
        MAX_COMPUTE_PROJECT_ARN,
        MAX_COMPUTE_WRITE_ROLE_ARN,
        IS_ORGANIZATION_TRAIL,
        Param::text("ServiceName", format::SERVICE_NAME, "Cairn's own: the service the trail is made for, if for one"),
    ],
    returns: TRAIL_FIELDS,
    errors: &[
        codes::INVALID_TRAIL_NAME,
        codes::INVALID_PREFIX,
        codes::INVALID_QUERY_PARAMETER,
        codes::INVALID_DELIVERY_CONFIGURATION,
        codes::SLS_PROJECT_DOES_NOT_EXIST,
        codes::NOT_ALLOW_CREATE_ORGANIZATION_TRAIL,
        codes::MAXIMUM_NUMBER_OF_ORGANIZATION_TRAIL_EXCEEDED,
        codes::TRAIL_ALREADY_EXISTS,
        codes::MAXIMUM_NUMBER_OF_TRAILS_EXCEEDED,
        codes::INSUFFICIENT_BUCKET_POLICY,
        codes::INSUFFICIENT_SLS_POLICY,
        codes::BUCKET_DOES_NOT_EXIST,
    ],
    summary: "Creates a trail in the region of the request. It delivers nothing until StartLogging.",
};

pub(super) const UPDATE_TRAIL: Operation = Operation {
    id: OperationId::UpdateTrail,
    service: Service::Actiontrail,
    name: "UpdateTrail",
    access: Access::Write,
    sensitive: true,
    scope: Scope::Own,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[
        EXISTING,
        EVENT_RW,
        TRAIL_REGION,
        OSS_BUCKET_NAME.keeps_empty(),
        OSS_KEY_PREFIX.keeps_empty(),
        OSS_WRITE_ROLE_ARN.keeps_empty(),
        SLS_PROJECT_ARN.keeps_empty(),
        SLS_WRITE_ROLE_ARN.keeps_empty(),
        MAX_COMPUTE_PROJECT_ARN.keeps_empty(),
        MAX_COMPUTE_WRITE_ROLE_ARN.keeps_empty(),
    ],
    returns: TRAIL_FIELDS,
    errors: &[
        codes::INVALID_PREFIX,
        codes::INVALID_QUERY_PARAMETER,
        codes::INVALID_DELIVERY_CONFIGURATION,
        codes::SLS_PROJECT_DOES_NOT_EXIST,
        codes::INSUFFICIENT_BUCKET_POLICY,
        codes::INSUFFICIENT_SLS_POLICY,
        codes::BUCKET_DOES_NOT_EXIST,
        codes::TRAIL_NOT_FOUND,
    ],
    summary: "Changes what is given and leaves the rest; an empty value takes the setting away. Events accepted before \
              the call are still delivered by the old settings.",
};

pub(super) const DELETE_TRAIL: Operation = Operation {
    id: OperationId::DeleteTrail,
    service: Service::Actiontrail,
    name: "DeleteTrail",
    access: Access::Write,
    sensitive: true,
    scope: Scope::Own,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[EXISTING],
    returns: &[],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "Deletes a trail. What it has not delivered yet is not delivered; the events stay in lookups, the objects \
              in the bucket, the Logstore with what it shows.",
};

pub(super) const DESCRIBE_TRAILS: Operation = Operation {
    id: OperationId::DescribeTrails,
    service: Service::Actiontrail,
    name: "DescribeTrails",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Own,
    resources: &["acs:actiontrail:{region}:{account}:trail/*"],
    touches: &[],
    params: &[
        Param::text("NameList", format::TRAIL_NAMES, "only these trails; all when absent")
            .refused_as(codes::INVALID_TRAIL_NAME),
        Param::boolean(
            "IncludeShadowTrails",
            "also those whose home is another region than the one the request names; a request that names none sees all",
        ),
        Param::boolean("IncludeOrganizationTrail", "also the trail of the organization the account is a member of"),
    ],
    returns: &[
        "TrailList[].Name",
        "TrailList[].TrailArn",
        "TrailList[].Status",
        "TrailList[].HomeRegion",
        "TrailList[].Region",
        "TrailList[].EventRW",
        "TrailList[].TrailRegion",
        "TrailList[].IsOrganizationTrail",
        "TrailList[].OrganizationId",
        "TrailList[].OssBucketName",
        "TrailList[].OssBucketLocation",
        "TrailList[].OssKeyPrefix",
        "TrailList[].OssWriteRoleArn",
        "TrailList[].SlsProjectArn",
        "TrailList[].SlsWriteRoleArn",
        "TrailList[].MaxComputeProjectArn",
        "TrailList[].MaxComputeWriteRoleArn",
        "TrailList[].CreateTime",
        "TrailList[].UpdateTime",
        "TrailList[].StartLoggingTime",
        "TrailList[].StopLoggingTime",
    ],
    errors: &[codes::INVALID_TRAIL_NAME, codes::INVALID_QUERY_PARAMETER],
    summary: "Lists trails.",
};

pub(super) const GET_TRAIL_STATUS: Operation = Operation {
    id: OperationId::GetTrailStatus,
    service: Service::Actiontrail,
    name: "GetTrailStatus",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Own,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[
        EXISTING,
        Param::boolean("IsOrganizationTrail", "the trail of the organization the account is a member of"),
    ],
    returns: &[
        "IsLogging",
        "LatestDeliveryTime",
        "LatestDeliveryError",
        "LatestDeliveryLogServiceTime",
        "LatestDeliveryLogServiceError",
        "OssBucketStatus",
        "SlsLogStoreStatus",
        "LatestDeliveryMaxComputeTime",
        "LatestDeliveryMaxComputeError",
        "StartLoggingTime",
        "StopLoggingTime",
        "OssServerSideEncryption",
        "OssKmsKeyId",
        "OssRetentionDays",
    ],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "Says whether a trail is logging and how its last deliveries went.",
};

pub(super) const START_LOGGING: Operation = Operation {
    id: OperationId::StartLogging,
    service: Service::Actiontrail,
    name: "StartLogging",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Own,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[EXISTING],
    returns: &[],
    errors: &[codes::TRAIL_NOT_FOUND, codes::INSUFFICIENT_SLS_POLICY],
    summary: "Delivers every selected event accepted after this call.",
};

pub(super) const STOP_LOGGING: Operation = Operation {
    id: OperationId::StopLogging,
    service: Service::Actiontrail,
    name: "StopLogging",
    access: Access::Write,
    sensitive: true,
    scope: Scope::Own,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[EXISTING],
    returns: &[],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "Ends delivery with the last event accepted before this call; those before it are still delivered.",
};

pub(super) const DESCRIBE_REGIONS: Operation = Operation {
    id: OperationId::DescribeRegions,
    service: Service::Actiontrail,
    name: "DescribeRegions",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Own,
    resources: &["acs:actiontrail:{region}:{account}:*"],
    touches: &[],
    params: &[Param::choice("AcceptLanguage", &["zh-CN", "en-US"], "the language of the names").or("en-US")],
    returns: &["Regions.Region[].RegionId", "Regions.Region[].LocalName", "Regions.Region[].RegionEndpoint"],
    errors: &[],
    summary: "Lists the regions ActionTrail has. A node is one place: every endpoint is the one that was called.",
};

const TRAIL_NAME_ARN: &[&str] = &["acs:actiontrail:{home}:{account}:trail/{TrailName}"];
const TOUCHES_TRAIL_NAME: &[Touched] = &[Touched { kind: "ACS::ActionTrail::Trail", param: "TrailName" }];
const TRAIL_NAME_EXISTING: Param =
    Param::text("TrailName", format::TRAIL_NAME, "the trail").required().refused_as(codes::TRAIL_NOT_FOUND);
const START_TIME: Param = Param::time("StartTime", "from this second on; with EndTime or not at all")
    .refused_as(codes::INVALID_PARAMETER_START_TIME);
const END_TIME: Param =
    Param::time("EndTime", "up to and including this second").refused_as(codes::INVALID_PARAMETER_END_TIME);
const INSIGHT_TYPE: Param = Param::choice("InsightType", INSIGHT_TYPES, "the type of insights");
const CONDITION: Param = Param::text("Value", format::ANY, "equal to this, to the letter").required();
const MAX_RESULTS: Param = Param::integer("MaxResults", 1, 50, "events in a page").or("20");
const MAX_RESULTS_100: Param = Param::integer("MaxResults", 1, 100, "entries in a page").or("20");
const NEXT_TOKEN: Param =
    Param::text("NextToken", format::DOCUMENT, "from the page before; every other parameter stays the same");
const COUNT_WINDOW: &[codes::ErrorCode] = &[
    codes::INVALID_QUERY_PARAMETER,
    codes::INVALID_PARAMETER_COMBINATION,
    codes::INVALID_PARAMETER_START_TIME,
    codes::INVALID_PARAMETER_END_TIME,
    codes::THROTTLING_USER,
];

/// What rows about no trail in particular have in common.
const fn about_the_account(id: OperationId, name: &'static str, access: Access) -> Operation {
    Operation {
        id,
        service: Service::Actiontrail,
        name,
        access,
        sensitive: false,
        scope: Scope::Own,
        resources: &["acs:actiontrail:{region}:{account}:*"],
        touches: &[],
        params: &[],
        returns: &[],
        errors: &[],
        summary: "",
    }
}

const fn reads(id: OperationId, name: &'static str) -> Operation {
    about_the_account(id, name, Access::Read)
}

const fn writes(id: OperationId, name: &'static str) -> Operation {
    about_the_account(id, name, Access::Write)
}

const LOOKUP_ATTRIBUTE: &[Param] = &[
    Param::choice(
        "Key",
        &[
            "ServiceName",
            "EventName",
            "User",
            "EventId",
            "ResourceType",
            "ResourceName",
            "EventRW",
            "EventAccessKeyId",
            "SensitiveAction",
            "SourceIpAddress",
            "EventType",
            "RoleName",
            "PrincipalId",
            "Region",
            "ErrorCode",
            "UserType",
            "EventCategory",
            "RecipientAccountId",
            "IdentityAccountId",
        ],
        "what to compare; PrincipalId only together with ServiceName, those after it are Cairn's own and stand alone",
    )
    .required(),
    Param::text("Value", format::ANY, "equal to this, to the letter").required(),
];

pub(super) const LOOKUP_EVENTS: Operation = Operation {
    id: OperationId::LookupEvents,
    service: Service::Actiontrail,
    name: "LookupEvents",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Own,
    resources: &["acs:actiontrail:{region}:{account}:*"],
    touches: &[],
    params: &[
        Param::time("StartTime", "from this second on; with EndTime or not at all; seven days ago when absent")
            .refused_as(codes::INVALID_PARAMETER_START_TIME),
        Param::time("EndTime", "up to and including this second; now when absent")
            .refused_as(codes::INVALID_PARAMETER_END_TIME),
        Param::list(
            "LookupAttribute",
            LOOKUP_ATTRIBUTE,
            20,
            "conditions that must all hold. One key; or two of an allowed pair: ServiceName with EventName, User, \
             PrincipalId, RoleName, ResourceName, EventRW, SensitiveAction or EventType; ResourceName with \
             ResourceType, EventName, User or RoleName; EventType with EventName. Of a key given twice the second \
             counts, of more than two keys the first two",
        ),
        Param::choice("Direction", &["FORWARD", "BACKWARD"], "oldest or newest first").or("BACKWARD"),
        Param::integer("MaxResults", 1, 50, "events in a page").or("20"),
        Param::text("NextToken", format::DOCUMENT, "from the page before; every other parameter stays the same"),
    ],
    returns: &["Events[]", "StartTime", "EndTime", "NextToken"],
    errors: &[
        codes::INVALID_QUERY_PARAMETER,
        codes::INVALID_PARAMETER_COMBINATION,
        codes::INVALID_PARAMETER_START_TIME,
        codes::INVALID_PARAMETER_END_TIME,
        codes::THROTTLING_USER,
    ],
    summary: "Finds events of the caller's account. `NextToken` is absent on the last page. `GET /v1/events` has fewer \
              limits.",
};
