//! Insights: looking them up, counting them, and what an account and its trails do with them.

use super::{
    CONDITION, COUNT_WINDOW, END_TIME, INSIGHT_TYPE, MAX_RESULTS, NEXT_TOKEN, START_TIME, TOUCHES_TRAIL_NAME,
    TRAIL_NAME_ARN, TRAIL_NAME_EXISTING, reads, writes,
};
use crate::catalogue::INSIGHT_TYPES;
use crate::codes;
use crate::format;
use crate::operation::Operation;
use crate::operations::OperationId;
use crate::param::Param;

const INSIGHT_ATTRIBUTE: &[Param] = &[
    Param::choice(
        "Key",
        &["ServiceName", "EventName", "SourceIpAddress", "InsightType", "EventId", "AccessKeyId", "InsightObject"],
        "what to compare",
    )
    .required(),
    CONDITION,
];

pub(in crate::operations) const LOOKUP_INSIGHT_EVENTS: Operation = Operation {
    params: &[
        START_TIME,
        END_TIME,
        Param::list(
            "LookupAttribute",
            INSIGHT_ATTRIBUTE,
            20,
            "one condition, or ServiceName with EventName; more than two are left alone",
        ),
        MAX_RESULTS,
        NEXT_TOKEN,
    ],
    returns: &["Events[]", "NextToken"],
    errors: &[
        codes::INVALID_QUERY_PARAMETER,
        codes::INVALID_PARAMETER_COMBINATION,
        codes::INVALID_PARAMETER_START_TIME,
        codes::INVALID_PARAMETER_END_TIME,
        codes::THROTTLING_USER,
    ],
    summary: "Finds insight events of the last seven days, or of a window of at most 93 days; of a longer one the last 93. \
              ServiceName, EventName, SourceIpAddress and AccessKeyId hold when the event says so, when they are the \
              insight's object, or when its attributions relate to them.",
    ..reads(OperationId::LookupInsightEvents, "LookupInsightEvents")
};

pub(in crate::operations) const GET_INSIGHTS_EVENTS_COUNT: Operation = Operation {
    params: &[Param::text("Date", format::DATE, "one day, instead of a window"), START_TIME, END_TIME],
    returns: &["Data[].InsightType", "Data[].RegionId", "Data[].Count", "NextToken"],
    errors: COUNT_WINDOW,
    summary: "Counts insight events by type and region: of a day, of a window, or of the last 24 hours.",
    ..reads(OperationId::GetInsightsEventsCount, "GetInsightsEventsCount")
};

pub(in crate::operations) const GET_INSIGHT_EVENT_COUNT: Operation = Operation {
    params: &[START_TIME, END_TIME, INSIGHT_TYPE],
    returns: &["Count", "IsTruncated"],
    errors: COUNT_WINDOW,
    summary: "Counts insight events of a window (the last 24 hours when absent), of one type or of all.",
    ..reads(OperationId::GetInsightEventCount, "GetInsightEventCount")
};

pub(in crate::operations) const GET_INSIGHT_IP_COUNT: Operation = Operation {
    params: &[START_TIME, END_TIME],
    returns: &["Count", "IsTruncated"],
    errors: COUNT_WINDOW,
    summary: "Counts the addresses that IpInsight events of a window (the last 24 hours when absent) are about.",
    ..reads(OperationId::GetInsightIpCount, "GetInsightIpCount")
};

pub(in crate::operations) const DESCRIBE_INSIGHT_IP_LIST: Operation = Operation {
    params: &[START_TIME, END_TIME, Param::integer("MaxResults", 1, 100, "addresses in the reply").or("20")],
    returns: &["IpList[].Ip", "IpList[].Count", "IpList[].LatestTime", "IsTruncated"],
    errors: COUNT_WINDOW,
    summary: "Lists the addresses that IpInsight events of a window are about, those of most events first.",
    ..reads(OperationId::DescribeInsightIpList, "DescribeInsightIpList")
};

pub(in crate::operations) const DESCRIBE_INSIGHT_METRIC_DATA: Operation = Operation {
    params: &[
        START_TIME,
        END_TIME,
        Param::integer("Period", 60, 86_400, "seconds of each step, a multiple of 60").or("3600"),
        INSIGHT_TYPE,
    ],
    returns: &["Datapoints[].Timestamp", "Datapoints[].InsightType", "Datapoints[].Count", "IsTruncated"],
    errors: COUNT_WINDOW,
    summary: "Counts insight events of a window by type and step of time; steps without any are left out.",
    ..reads(OperationId::DescribeInsightMetricData, "DescribeInsightMetricData")
};

pub(in crate::operations) const DESCRIBE_INSIGHT_ENABLED_TRAILS: Operation = Operation {
    returns: &["TrailList[].Name", "TrailList[].TrailArn", "TrailList[].Status", "TrailList[].InsightTypes[]"],
    summary: "Lists the account's trails that deliver insight events.",
    ..reads(OperationId::DescribeInsightEnabledTrails, "DescribeInsightEnabledTrails")
};

pub(in crate::operations) const DESCRIBE_INSIGHT_STRATEGY: Operation = Operation {
    returns: &["IpBlackList[]", "IpWhiteList[]", "UpdateTime"],
    summary: "Shows the addresses IpInsight always reports and those it never does.",
    ..reads(OperationId::DescribeInsightStrategy, "DescribeInsightStrategy")
};

pub(in crate::operations) const MODIFY_INSIGHT_STRATEGY: Operation = Operation {
    params: &[
        Param::text("IpBlackList", format::ADDRESSES, "addresses that are always reported; empty for none")
            .keeps_empty(),
        Param::text("IpWhiteList", format::ADDRESSES, "addresses that never are; empty for none").keeps_empty(),
    ],
    errors: &[codes::INVALID_QUERY_PARAMETER, codes::INVALID_PARAMETER_COMBINATION],
    summary: "Writes the black list, the white list or both in place of those there are; an address cannot be on both.",
    ..writes(OperationId::ModifyInsightStrategy, "ModifyInsightStrategy")
};

pub(in crate::operations) const ENABLE_INSIGHT: Operation = Operation {
    params: &[INSIGHT_TYPE.refused_as(codes::INSIGHT_TYPE_NOT_AVAILABLE)],
    errors: &[codes::INSIGHT_TYPE_NOT_AVAILABLE, codes::MISSING_PARAMETER],
    summary: "Puts a type of insights on.",
    ..writes(OperationId::EnableInsight, "EnableInsight")
};

pub(in crate::operations) const DISABLE_INSIGHT: Operation = Operation {
    params: &[INSIGHT_TYPE.refused_as(codes::INSIGHT_TYPE_NOT_VALID)],
    errors: &[codes::INSIGHT_TYPE_NOT_VALID, codes::MISSING_PARAMETER],
    summary: "Puts a type of insights off. Those there are stay.",
    ..writes(OperationId::DisableInsight, "DisableInsight")
};

pub(in crate::operations) const GET_INSIGHT_TYPES: Operation = Operation {
    returns: &["InsightTypes.IpInsight"],
    summary: "Says of each type of insights whether it is on: `Enable` or `Disable`.",
    ..reads(OperationId::GetInsightTypes, "GetInsightTypes")
};

pub(in crate::operations) const GET_INSIGHT_SELECTORS: Operation = Operation {
    resources: TRAIL_NAME_ARN,
    touches: TOUCHES_TRAIL_NAME,
    params: &[TRAIL_NAME_EXISTING],
    returns: &["TrailArn", "InsightSelectors[]"],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "Shows the types of insights a trail delivers, each as a JSON text.",
    ..reads(OperationId::GetInsightSelectors, "GetInsightSelectors")
};

pub(in crate::operations) const PUT_INSIGHT_SELECTORS: Operation = Operation {
    resources: TRAIL_NAME_ARN,
    touches: TOUCHES_TRAIL_NAME,
    params: &[
        TRAIL_NAME_EXISTING,
        Param::text(
            "InsightSelectors",
            format::DOCUMENT,
            "`[{\"insightType\":\"IpInsight\"}]`; an empty list, or none, delivers no insights",
        ),
    ],
    returns: &["TrailArn", "InsightSelectors[]"],
    errors: &[codes::TRAIL_NOT_FOUND, codes::INSIGHT_SELECTOR_DOES_NOT_EXIST, codes::INVALID_QUERY_PARAMETER],
    summary: "Sets the types of insights a trail delivers. Counts from the next event on, as UpdateTrail does.",
    ..writes(OperationId::PutInsightSelectors, "PutInsightSelectors")
};

// The type's own rule is the list of the catalogue.
const _: () = assert!(INSIGHT_TYPES.len() == 7);
