//! Inner trails: the platform's events about an account's resources, one trail in an account.
//!
//! None of these operations has a published shape; they take and answer what those of trails do.

use super::OperationId;
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const TRAIL_ARN: &[&str] = &["acs:actiontrail:{region}:{account}:trail/{Name}"];
const TOUCHES_TRAIL: &[Touched] = &[Touched { kind: "ACS::ActionTrail::Trail", param: "Name" }];
const NAME: Param = Param::text("Name", format::TRAIL_NAME, "the inner trail").required();
const EXISTING: Param = NAME.refused_as(codes::TRAIL_NOT_FOUND);
const OSS_BUCKET_NAME: Param =
    Param::text("OssBucketName", format::BUCKET_NAME, "the bucket to deliver to, as for CreateTrail");
const OSS_KEY_PREFIX: Param =
    Param::text("OssKeyPrefix", format::KEY_PREFIX, "what object keys start with").refused_as(codes::INVALID_PREFIX);
const OSS_WRITE_ROLE_ARN: Param =
    Param::text("OssWriteRoleArn", format::ROLE_ARN, "the role for a bucket of another account, as for CreateTrail");
const SLS_PROJECT_ARN: Param = Param::text(
    "SlsProjectArn",
    format::LOG_PROJECT_ARN,
    "the project whose Logstore `innertrail_<trail>` shows the events, as for CreateTrail",
)
.refused_as(codes::SLS_PROJECT_DOES_NOT_EXIST);
const SLS_WRITE_ROLE_ARN: Param =
    Param::text("SlsWriteRoleArn", format::ROLE_ARN, "the role for a project of another account, as for CreateTrail")
        .refused_as(codes::INVALID_DELIVERY_CONFIGURATION);
const FIELDS: &[&str] =
    &["Name", "HomeRegion", "OssBucketName", "OssKeyPrefix", "OssWriteRoleArn", "SlsProjectArn", "SlsWriteRoleArn"];

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::CreateInnerTrail,
    service: Service::Actiontrail,
    name: "",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Own,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[EXISTING],
    returns: &[],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "",
};

pub(super) const CREATE_INNER_TRAIL: Operation = Operation {
    id: OperationId::CreateInnerTrail,
    name: "CreateInnerTrail",
    params: &[
        NAME.refused_as(codes::INVALID_TRAIL_NAME),
        OSS_BUCKET_NAME,
        OSS_KEY_PREFIX,
        OSS_WRITE_ROLE_ARN,
        SLS_PROJECT_ARN,
        SLS_WRITE_ROLE_ARN,
    ],
    returns: FIELDS,
    errors: &[
        codes::INVALID_TRAIL_NAME,
        codes::INVALID_PREFIX,
        codes::INVALID_DELIVERY_CONFIGURATION,
        codes::SLS_PROJECT_DOES_NOT_EXIST,
        codes::TRAIL_ALREADY_EXISTS,
        codes::MAXIMUM_NUMBER_OF_INNER_TRAILS_EXCEEDED,
        codes::INSUFFICIENT_BUCKET_POLICY,
        codes::INSUFFICIENT_SLS_POLICY,
        codes::BUCKET_DOES_NOT_EXIST,
    ],
    summary: "Creates the account's inner trail, which delivers platform events, those with the `eventType` \
              CUSTOMER_INITIATED_SUPPORT, ALIYUN_INITIATED_SERVICE or ALIYUN_INITIATED_PENALTY, below \
              `AliyunLogs/Inner-ActionTrail`. It delivers nothing until StartInnerTrailLogging.",
    ..ROW
};

pub(super) const UPDATE_INNER_TRAIL: Operation = Operation {
    id: OperationId::UpdateInnerTrail,
    name: "UpdateInnerTrail",
    sensitive: true,
    params: &[
        EXISTING,
        OSS_BUCKET_NAME.keeps_empty(),
        OSS_KEY_PREFIX.keeps_empty(),
        OSS_WRITE_ROLE_ARN.keeps_empty(),
        SLS_PROJECT_ARN.keeps_empty(),
        SLS_WRITE_ROLE_ARN.keeps_empty(),
    ],
    returns: FIELDS,
    errors: &[
        codes::INVALID_PREFIX,
        codes::INVALID_DELIVERY_CONFIGURATION,
        codes::SLS_PROJECT_DOES_NOT_EXIST,
        codes::INSUFFICIENT_BUCKET_POLICY,
        codes::INSUFFICIENT_SLS_POLICY,
        codes::BUCKET_DOES_NOT_EXIST,
        codes::TRAIL_NOT_FOUND,
    ],
    summary: "Changes where the inner trail delivers; what is not given stays.",
    ..ROW
};

pub(super) const DELETE_INNER_TRAIL: Operation = Operation {
    id: OperationId::DeleteInnerTrail,
    name: "DeleteInnerTrail",
    sensitive: true,
    summary: "Deletes the inner trail. What it has not delivered yet is not delivered; the objects stay.",
    ..ROW
};

pub(super) const DESCRIBE_INNER_TRAILS: Operation = Operation {
    id: OperationId::DescribeInnerTrails,
    name: "DescribeInnerTrails",
    access: Access::Read,
    resources: &["acs:actiontrail:{region}:{account}:trail/*"],
    touches: &[],
    params: &[Param::text("NameList", format::TRAIL_NAMES, "only these; all when absent")
        .refused_as(codes::INVALID_TRAIL_NAME)],
    returns: &[
        "TrailList[].Name",
        "TrailList[].TrailArn",
        "TrailList[].Status",
        "TrailList[].HomeRegion",
        "TrailList[].OssBucketName",
        "TrailList[].OssKeyPrefix",
        "TrailList[].OssWriteRoleArn",
        "TrailList[].CreateTime",
        "TrailList[].UpdateTime",
        "TrailList[].StartLoggingTime",
        "TrailList[].StopLoggingTime",
        "TrailList[].LatestDeliveryTime",
        "TrailList[].LatestDeliveryError",
    ],
    errors: &[codes::INVALID_TRAIL_NAME],
    summary: "Lists inner trails with how their last deliveries went.",
    ..ROW
};

pub(super) const START_INNER_TRAIL_LOGGING: Operation = Operation {
    id: OperationId::StartInnerTrailLogging,
    name: "StartInnerTrailLogging",
    summary: "Delivers every platform event accepted after this call.",
    ..ROW
};

pub(super) const STOP_INNER_TRAIL_LOGGING: Operation = Operation {
    id: OperationId::StopInnerTrailLogging,
    name: "StopInnerTrailLogging",
    sensitive: true,
    summary: "Ends the delivery of platform events with the last one accepted before this call.",
    ..ROW
};
