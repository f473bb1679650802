//! What surrounds a trail's delivery: history jobs, metrics, the check of a bucket, a bucket's settings.
//!
//! CheckOssConfig has no published parameters; it takes what CreateTrail calls the same things.

use super::cairn::{BUCKET_FIELDS, RETENTION_DAYS, SERVER_SIDE_ENCRYPTION};
use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const TRAIL_ARN: &[&str] = &["acs:actiontrail:{home}:{account}:trail/{TrailName}"];
const ALL_TRAILS: &[&str] = &["acs:actiontrail:{region}:{account}:trail/*"];
const TOUCHES_TRAIL: &[Touched] = &[Touched { kind: "ACS::ActionTrail::Trail", param: "TrailName" }];
const TRAIL_NAME: Param = Param::text("TrailName", format::TRAIL_NAME, "the trail").refused_as(codes::TRAIL_NOT_FOUND);
const JOB_ID: Param = Param::integer("JobId", 0, 2_147_483_647, "the job").required();

/// What the rows here and those of `settings` have in common.
pub(super) const ROW: Operation = Operation {
    id: OperationId::CreateDeliveryHistoryJob,
    service: Service::Actiontrail,
    name: "",
    access: Access::Write,
    sensitive: false,
    scope: Scope::Own,
    resources: ALL_TRAILS,
    touches: &[],
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const CREATE_DELIVERY_HISTORY_JOB: Operation = Operation {
    id: OperationId::CreateDeliveryHistoryJob,
    name: "CreateDeliveryHistoryJob",
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[
        TRAIL_NAME.required(),
        Param::text("ClientToken", format::CLIENT_TOKEN, "the same token again gives the same job"),
        Param::time("StartTime", "Cairn's own: from this second on; 90 days ago when absent")
            .refused_as(codes::INVALID_PARAMETER_START_TIME),
        Param::time("EndTime", "Cairn's own: up to and including this second; now when absent")
            .refused_as(codes::INVALID_PARAMETER_END_TIME),
    ],
    returns: &["JobId"],
    errors: &[
        codes::INVALID_PARAMETER_COMBINATION,
        codes::INVALID_PARAMETER_START_TIME,
        codes::INVALID_PARAMETER_END_TIME,
        codes::IDEMPOTENT_PARAMETER_MISMATCH,
        codes::INVALID_DELIVERY_CONFIGURATION,
        codes::SLS_PROJECT_DOES_NOT_EXIST,
        codes::INSUFFICIENT_BUCKET_POLICY,
        codes::INSUFFICIENT_SLS_POLICY,
        codes::MAXIMUM_NUMBER_OF_DELIVERY_HISTORY_JOBS_EXCEEDED,
        codes::TRAIL_NOT_FOUND,
        codes::BUCKET_DOES_NOT_EXIST,
    ],
    summary: "Writes what the history holds of a range to the trail's destinations, selected as the trail selects now; a \
              Logstore of this node shows it at once, and nothing is copied. Each event of the range is written once, \
              whether or not the trail has delivered it before, and the result is counted against the history at the \
              end.",
    ..ROW
};

pub(super) const GET_DELIVERY_HISTORY_JOB: Operation = Operation {
    id: OperationId::GetDeliveryHistoryJob,
    name: "GetDeliveryHistoryJob",
    access: Access::Read,
    params: &[JOB_ID],
    returns: &[
        "JobId",
        "JobStatus",
        "TrailName",
        "HomeRegion",
        "StartTime",
        "EndTime",
        "CreatedTime",
        "UpdatedTime",
        "EventsDelivered",
        "ObjectsDelivered",
        "Error",
        "Status[].Region",
        "Status[].Status",
        "Status[].EventsDelivered",
    ],
    errors: &[codes::DELIVERY_HISTORY_JOB_NOT_FOUND],
    summary: "Says how far a delivery history job is: 0 waiting, 1 delivering, 2 done, 3 failed. A region is done when \
              the job is. `Error` is Cairn's own: why the job failed, or why the last attempt did.",
    ..ROW
};

pub(super) const LIST_DELIVERY_HISTORY_JOBS: Operation = Operation {
    id: OperationId::ListDeliveryHistoryJobs,
    name: "ListDeliveryHistoryJobs",
    access: Access::Read,
    params: &[
        Param::integer("PageNumber", 1, 1_000_000, "the page, from 1").or("1"),
        Param::integer("PageSize", 1, 100, "jobs in a page").or("20"),
    ],
    returns: &[
        "DeliveryHistoryJobs[].JobId",
        "DeliveryHistoryJobs[].JobStatus",
        "DeliveryHistoryJobs[].TrailName",
        "DeliveryHistoryJobs[].HomeRegion",
        "DeliveryHistoryJobs[].StartTime",
        "DeliveryHistoryJobs[].EndTime",
        "DeliveryHistoryJobs[].CreatedTime",
        "DeliveryHistoryJobs[].UpdatedTime",
        "PageNumber",
        "PageSize",
        "TotalCount",
    ],
    errors: &[codes::SERVICE_UNAVAILABLE],
    summary: "Lists delivery history jobs, the newest first.",
    ..ROW
};

pub(super) const DELETE_DELIVERY_HISTORY_JOB: Operation = Operation {
    id: OperationId::DeleteDeliveryHistoryJob,
    name: "DeleteDeliveryHistoryJob",
    params: &[JOB_ID],
    errors: &[codes::DELIVERY_HISTORY_JOB_NOT_FOUND, codes::SERVICE_UNAVAILABLE],
    summary: "Deletes a delivery history job; one that works stops. The objects it wrote stay.",
    ..ROW
};

pub(super) const DESCRIBE_TRAIL_DELIVERY_METRIC_DATA: Operation = Operation {
    id: OperationId::DescribeTrailDeliveryMetricData,
    name: "DescribeTrailDeliveryMetricData",
    access: Access::Read,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[
        TRAIL_NAME.required(),
        Param::choice(
            "MetricName",
            &[
                "delivery_oss_success_count",
                "delivery_oss_fail_count",
                "delivery_sls_success_count",
                "delivery_sls_fail_count",
            ],
            "objects written, or attempts that failed; those of Log Service are 0 while nothing is delivered there",
        )
        .required(),
        Param::integer("Period", 60, 86_400, "seconds of a data point, a multiple of 60").required(),
        Param::time("StartTime", "from this second on").required(),
        Param::time("EndTime", "up to, and not including, this second").required(),
    ],
    returns: &["MetricList[].Timestamp", "MetricList[].Count"],
    errors: &[codes::INVALID_PARAMETER_COMBINATION, codes::INVALID_QUERY_PARAMETER, codes::TRAIL_NOT_FOUND],
    summary: "Counts a trail's deliveries over time, at most 2,000 data points. Counts are kept for 30 days; those of \
              delivery history jobs are not among them.",
    ..ROW
};

pub(super) const CHECK_OSS_CONFIG: Operation = Operation {
    id: OperationId::CheckOssConfig,
    name: "CheckOssConfig",
    access: Access::Read,
    resources: TRAIL_ARN,
    touches: TOUCHES_TRAIL,
    params: &[
        Param::text("TrailName", format::TRAIL_NAME, "check this trail's bucket").refused_as(codes::TRAIL_NOT_FOUND),
        Param::text("OssBucketName", format::BUCKET_NAME, "check this bucket, as CreateTrail would use it"),
        Param::text("OssKeyPrefix", format::KEY_PREFIX, "what object keys start with")
            .refused_as(codes::INVALID_PREFIX),
        Param::text("OssWriteRoleArn", format::ROLE_ARN, "the role that lets Cairn write to another account's bucket"),
    ],
    returns: &[
        "Passed",
        "OssBucketName",
        "OssKeyPrefix",
        "OssWriteRoleArn",
        "ServerSideEncryption",
        "KmsKeyId",
        "RetentionDays",
        "Checks[].Name",
        "Checks[].Result",
        "Checks[].Message",
    ],
    errors: &[codes::INVALID_PREFIX, codes::INVALID_DELIVERY_CONFIGURATION, codes::TRAIL_NOT_FOUND],
    summary: "Tries what a delivery would do and lists each check with its result: Passed, Failed or Skipped. It writes \
              a small object, asks for its headers and deletes it where that is allowed. Give TrailName or \
              OssBucketName.",
    ..ROW
};

pub(super) const UPDATE_BUCKET: Operation = Operation {
    id: OperationId::UpdateBucket,
    service: Service::Cairn,
    name: "UpdateBucket",
    sensitive: true,
    scope: Scope::Named,
    resources: &["acs:cairn:*:{account}:bucket/{Name}"],
    touches: &[Touched { kind: "ACS::Cairn::Bucket", param: "Name" }],
    params: &[
        Param::text("Name", format::BUCKET_NAME, "the bucket's name, as trails call it").required(),
        Param::text("BucketAccessKeyId", format::ANY, "the key that may write to it").keeps_empty(),
        Param::text("BucketAccessKeySecret", format::ANY, "that key's secret").keeps_empty().secret(),
        Param::text("BucketSecurityToken", format::DOCUMENT, "a session token").keeps_empty().secret(),
        Param::text("Endpoint", format::ANY, "the address of the storage").keeps_empty(),
        Param::text("BucketRegion", format::ANY, "the region the bucket is in").keeps_empty(),
        Param::boolean("PathStyle", "the bucket's name goes into the path and not into the host name"),
        Param::boolean("AllowHttp", "the endpoint may be plain HTTP"),
        SERVER_SIDE_ENCRYPTION,
        Param::text("KmsKeyId", format::ANY, "the key for KMS encryption").keeps_empty(),
        RETENTION_DAYS,
        ACCOUNT_ID,
    ],
    returns: BUCKET_FIELDS,
    errors: &[codes::BUCKET_DOES_NOT_EXIST, codes::INVALID_BUCKET_CONFIGURATION, codes::RETENTION_CANNOT_BE_SHORTENED],
    summary: "Changes what is given of a bucket's settings and leaves the rest; an empty value takes a setting away. \
              The address stays, and retention can only be made longer.",
    ..ROW
};
