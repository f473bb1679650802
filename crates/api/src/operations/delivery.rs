//! What surrounds a trail's delivery: history jobs, metrics, the check of a bucket, a bucket's settings.
//!
//! CheckOssConfig has no published parameters; it takes what CreateTrail calls the same things.

use super::OperationId;
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const TRAIL_ARN: &[&str] = &["acs:actiontrail:{home}:{account}:trail/{TrailName}"];
const ALL_TRAILS: &[&str] = &["acs:actiontrail:{region}:{account}:trail/*"];
const TOUCHES_TRAIL: &[Touched] = &[Touched { kind: "ACS::ActionTrail::Trail", param: "TrailName" }];
const TRAIL_NAME: Param =
    Param::text("TrailName", format::TRAIL_NAME, "the trail").refused_as(codes::TRAIL_NOT_FOUND);
const JOB_ID: Param = Param::integer("JobId", 0, 2_147_483_647, "the job").required();

/// What the rows have in common.
const ROW: Operation = Operation {
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
        codes::INSUFFICIENT_BUCKET_POLICY,
        codes::MAXIMUM_NUMBER_OF_DELIVERY_HISTORY_JOBS_EXCEEDED,
        codes::TRAIL_NOT_FOUND,
        codes::BUCKET_DOES_NOT_EXIST,
    ],
    summary: "Writes what the history holds of a range to the trail's bucket, selected as the trail selects now. Each \
              event of the range is written once, whether or not the trail has delivered it before, and the result is \
              counted against the history at the end.",
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
