//! Which data events a trail delivers.

use super::{MAX_RESULTS_100, NEXT_TOKEN, TOUCHES_TRAIL_NAME, TRAIL_NAME_ARN, TRAIL_NAME_EXISTING, reads, writes};
use crate::codes;
use crate::format;
use crate::operation::Operation;
use crate::operations::OperationId;
use crate::param::Param;

pub(in crate::operations) const PUT_DATA_EVENT_SELECTOR: Operation = Operation {
    resources: TRAIL_NAME_ARN,
    touches: TOUCHES_TRAIL_NAME,
    params: &[
        TRAIL_NAME_EXISTING,
        Param::text(
            "EventSelectors",
            format::DOCUMENT,
            "a JSON list of at most 20 selectors: `ServiceName`, `ReadWriteType` (Read, Write or All, which is also the \
             default), and `EventName` and `ResourceArn` as `{\"Equals\":[...]}` or `{\"NotEquals\":[...]}`",
        )
        .required(),
        Param::boolean("IsTrailAllRegion", "the events of every region"),
        Param::text("TrailRegionIds", format::TRAIL_REGIONS, "the regions, when not all; the trail's home region when absent"),
    ],
    returns: &["TrailArn", "DataEventSelectors"],
    errors: &[codes::TRAIL_NOT_FOUND, codes::INVALID_QUERY_PARAMETER],
    summary: "Sets the data events a trail delivers to its bucket, in place of those it delivered. Counts from the next \
              event on, as UpdateTrail does.",
    ..writes(OperationId::PutDataEventSelector, "PutDataEventSelector")
};

pub(in crate::operations) const GET_DATA_EVENT_SELECTOR: Operation = Operation {
    resources: TRAIL_NAME_ARN,
    touches: TOUCHES_TRAIL_NAME,
    params: &[TRAIL_NAME_EXISTING],
    returns: &["TrailArn", "DataEventSelectors", "IsTrailAllRegion", "TrailRegionIds", "SlsDeliveryConfigs"],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "Shows the data events a trail delivers, as a JSON list; `[]` when none. `SlsDeliveryConfigs` is empty: they \
              are delivered to the trail's own destinations.",
    ..reads(OperationId::GetDataEventSelector, "GetDataEventSelector")
};

pub(in crate::operations) const DELETE_DATA_EVENT_SELECTOR: Operation = Operation {
    resources: TRAIL_NAME_ARN,
    touches: TOUCHES_TRAIL_NAME,
    params: &[TRAIL_NAME_EXISTING],
    errors: &[codes::TRAIL_NOT_FOUND],
    summary: "A trail delivers no data events any more, from the next event on.",
    ..writes(OperationId::DeleteDataEventSelector, "DeleteDataEventSelector")
};

pub(in crate::operations) const LIST_DATA_EVENT_SELECTORS: Operation = Operation {
    params: &[MAX_RESULTS_100, NEXT_TOKEN],
    returns: &[
        "Data.DataEventSelectorInfos[].TrailName",
        "Data.DataEventSelectorInfos[].TrailArn",
        "Data.DataEventSelectorInfos[].EventSelectors",
        "Data.DataEventSelectorInfos[].IsTrailAllRegion",
        "Data.DataEventSelectorInfos[].SlsDeliveryConfigs",
        "Data.MaxResults",
    ],
    errors: &[codes::INVALID_QUERY_PARAMETER],
    summary: "Lists the trails that deliver data events. `NextToken` is in `Data`.",
    ..reads(OperationId::ListDataEventSelectors, "ListDataEventSelectors")
};

pub(in crate::operations) const LIST_DATA_EVENT_SERVICES: Operation = Operation {
    params: &[MAX_RESULTS_100, NEXT_TOKEN],
    returns: &["Data.ServiceInfos[].ServiceName", "Data.ServiceInfos[].EventNames[]", "Data.MaxResults"],
    errors: &[codes::INVALID_QUERY_PARAMETER],
    summary: "Lists the services that have data events, and the names of these: of the catalogue, and of the account's own \
              history. `NextToken` is in `Data`.",
    ..reads(OperationId::ListDataEventServices, "ListDataEventServices")
};
