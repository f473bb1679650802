//! How many and which: counts of events, the catalogue, the account's state at a glance.

use super::{COUNT_WINDOW, END_TIME, LOOKUP_ATTRIBUTE, NEXT_TOKEN, START_TIME, reads, writes};
use crate::codes;
use crate::format;
use crate::operation::Operation;
use crate::operations::OperationId;
use crate::param::Param;

const ATTRIBUTES: Param =
    Param::list("LookupAttribute", LOOKUP_ATTRIBUTE, 20, "conditions, as LookupEvents takes them");
const SERVICE_NAME: Param = Param::text("ServiceName", format::ANY, "only this service");
const START_DATE: Param = Param::text("StartDate", format::DATE, "the first day; 29 days before the last when absent");
const END_DATE: Param = Param::text("EndDate", format::DATE, "the last day; today (UTC) when absent");
const DAYS: &[Param] = &[START_DATE, END_DATE];
const PER_DAY: &[&str] = &["Data.Dates[]", "Data.Counts[]"];
const DAYS_ERRORS: &[codes::ErrorCode] = &[codes::INVALID_QUERY_PARAMETER, codes::INVALID_PARAMETER_COMBINATION];
const LANGUAGE: Param = Param::choice("AcceptLanguage", &["zh-CN", "en-US"], "the language of the names").or("en-US");

pub(in crate::operations) const LOOKUP_AGGREGATION_EVENTS: Operation = Operation {
    params: &[
        START_TIME,
        END_TIME,
        ATTRIBUTES,
        Param::text(
            "AggregateBy",
            format::GROUPS,
            "what events of a group have in common: one or two keys of LookupEvents, without EventId and the account ids",
        )
        .or("ServiceName,EventName"),
        Param::integer("MaxResults", 1, 100, "groups in a page").or("20"),
        NEXT_TOKEN,
    ],
    returns: &[
        "AggregationEvents[].ServiceName",
        "AggregationEvents[].EventName",
        "AggregationEvents[].Count",
        "AggregationEvents[].EarliestEventTime",
        "AggregationEvents[].LatestEventTime",
        "AggregationEvents[].LatestEventId",
        "Total",
        "EventsCount",
        "IsTruncated",
        "StartTime",
        "EndTime",
        "NextToken",
    ],
    errors: COUNT_WINDOW,
    summary: "Counts management events of a window (the last seven days when absent) by what they have in common, the \
              largest group first. A field named after each key has the group's value.",
    ..reads(OperationId::LookupAggregationEvents, "LookupAggregationEvents")
};

pub(in crate::operations) const GET_EVENTS_COUNT: Operation = Operation {
    params: &[START_TIME, END_TIME, ATTRIBUTES],
    returns: &["Count", "StartTime", "EndTime"],
    errors: COUNT_WINDOW,
    summary: "Counts management events of a window (the last seven days when absent).",
    ..reads(OperationId::GetEventsCount, "GetEventsCount")
};

pub(in crate::operations) const LIST_EVENT_NAMES: Operation = Operation {
    params: &[SERVICE_NAME],
    returns: &["EventNames[].ServiceName", "EventNames[].EventName", "IsTruncated"],
    summary: "Lists names of events: those of the catalogue and those the account has had.",
    ..reads(OperationId::ListEventNames, "ListEventNames")
};

pub(in crate::operations) const DESCRIBE_SUPPORTED_SERVICES: Operation = Operation {
    params: &[LANGUAGE],
    returns: &["Services[].ServiceName", "Services[].DisplayName", "Services[].IsGlobal"],
    summary: "Lists services: those of the catalogue and those the account has had events of.",
    ..reads(OperationId::DescribeSupportedServices, "DescribeSupportedServices")
};

pub(in crate::operations) const LIST_PRODUCT_RESOURCE_TYPE: Operation = Operation {
    params: &[SERVICE_NAME.required()],
    returns: &["ServiceName", "ResourceTypes[]"],
    summary: "Lists a service's types of resources: those of the catalogue and those the account has had events of.",
    ..reads(OperationId::ListProductResourceType, "ListProductResourceType")
};

pub(in crate::operations) const DESCRIBE_RESOURCE_LIFE_CYCLE_EVENTS: Operation = Operation {
    params: &[SERVICE_NAME, Param::text("ResourceType", format::ANY, "only this type, as `ACS::ECS::Instance`")],
    returns: &["Data"],
    summary: "Names the events that make and end resources, as a JSON text: services, their types of resources, and of \
              each the events of either kind. Those of the catalogue, and those the account has had whose names begin \
              with Create, Run, Delete, Release or Remove.",
    ..reads(OperationId::DescribeResourceLifeCycleEvents, "DescribeResourceLifeCycleEvents")
};

pub(in crate::operations) const DESCRIBE_USER_ALERT_COUNT: Operation = Operation {
    params: DAYS,
    returns: PER_DAY,
    errors: DAYS_ERRORS,
    summary: "Counts what the account was warned of, day by day (UTC): incidents of its alert rules, each on the day it \
              began (they are kept for 30 days after their end), and insight events.",
    ..reads(OperationId::DescribeUserAlertCount, "DescribeUserAlertCount")
};

pub(in crate::operations) const DESCRIBE_USER_LOG_COUNT: Operation = Operation {
    params: DAYS,
    returns: PER_DAY,
    errors: DAYS_ERRORS,
    summary: "Counts the account's events of every kind, day by day (UTC).",
    ..reads(OperationId::DescribeUserLogCount, "DescribeUserLogCount")
};

pub(in crate::operations) const DESCRIBE_USER_TRAIL_COUNT: Operation = Operation {
    returns: PER_DAY,
    summary: "Says how many trails the account had at the end of each of the last 30 days (UTC): those it has now, and what \
              the account's own record says was made and deleted since.",
    ..reads(OperationId::DescribeUserTrailCount, "DescribeUserTrailCount")
};

pub(in crate::operations) const GET_GOVERNANCE_METRICS: Operation = Operation {
    returns: &[
        "Data.AccountId",
        "Data.GovernanceMetrics[].GovernanceItem",
        "Data.GovernanceMetrics[].GovernanceScore",
        "Data.GovernanceMetrics[].ColumnsSchema",
    ],
    summary: "Scores whether the account's audit log is kept: 100 when a trail of all regions and all events logs and its \
              bucket takes them; less for regions, for reads or writes only, and for a bucket that fails; 0 without a \
              trail that logs.",
    ..reads(OperationId::GetGovernanceMetrics, "GetGovernanceMetrics")
};

pub(in crate::operations) const GET_GLOBAL_EVENTS_STORAGE_REGION: Operation = Operation {
    returns: &["StorageRegion", "IsChosen"],
    summary: "Shows the region global events lie with in delivered objects. Until one is chosen `IsChosen` is false, and \
              they lie with each trail's home region.",
    ..reads(OperationId::GetGlobalEventsStorageRegion, "GetGlobalEventsStorageRegion")
};

pub(in crate::operations) const UPDATE_GLOBAL_EVENTS_STORAGE_REGION: Operation = Operation {
    params: &[Param::choice("StorageRegion", &["cn-hangzhou", "ap-southeast-1"], "the region global events lie with")
        .required()],
    summary: "Chooses the region global events lie with in delivered objects, for events after this call.",
    ..writes(OperationId::UpdateGlobalEventsStorageRegion, "UpdateGlobalEventsStorageRegion")
};
