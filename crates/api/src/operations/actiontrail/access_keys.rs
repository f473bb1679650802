//! When and for what an access key was used last.

use super::reads;
use crate::codes;
use crate::format;
use crate::operation::Operation;
use crate::operations::OperationId;
use crate::param::Param;

const ACCESS_KEY: Param = Param::text("AccessKey", format::ANY, "the access key's id").required();
const SERVICE_NAME: Param = Param::text("ServiceName", format::ANY, "the service").required();
const PAGE_SIZE: Param = Param::integer("PageSize", 0, 100, "entries in a page").or("20");
const NEXT_TOKEN: Param =
    Param::text("NextToken", format::DOCUMENT, "from the page before; every other parameter stays the same");
const PAGED: &[Param] = &[ACCESS_KEY, SERVICE_NAME, PAGE_SIZE, NEXT_TOKEN];
const ERRORS: &[codes::ErrorCode] = &[codes::INVALID_QUERY_PARAMETER];

pub(in crate::operations) const GET_ACCESS_KEY_LAST_USED_INFO: Operation = Operation {
    params: &[ACCESS_KEY],
    returns: &[
        "AccessKeyId",
        "AccountId",
        "AccountType",
        "OwnerId",
        "UserName",
        "ServiceName",
        "ServiceNameEn",
        "ServiceNameCn",
        "Source",
        "UsedTimestamp",
        "Detail",
    ],
    errors: ERRORS,
    summary: "Shows the last event of an access key of the account; of one without any, only its id.",
    ..reads(OperationId::GetAccessKeyLastUsedInfo, "GetAccessKeyLastUsedInfo")
};

pub(in crate::operations) const GET_ACCESS_KEY_LAST_USED_PRODUCTS: Operation = Operation {
    params: &[ACCESS_KEY],
    returns: &[
        "Products[].ServiceName",
        "Products[].ServiceNameEn",
        "Products[].ServiceNameCn",
        "Products[].Source",
        "Products[].UsedTimestamp",
        "Products[].Detail",
    ],
    errors: ERRORS,
    summary: "Lists the services an access key was used for, with the last event of each.",
    ..reads(OperationId::GetAccessKeyLastUsedProducts, "GetAccessKeyLastUsedProducts")
};

pub(in crate::operations) const GET_ACCESS_KEY_LAST_USED_EVENTS: Operation = Operation {
    params: PAGED,
    returns: &["Events[].EventName", "Events[].Source", "Events[].UsedTimestamp", "Events[].Detail", "NextToken"],
    errors: ERRORS,
    summary: "Lists the operations of a service an access key was used for, with the last event of each.",
    ..reads(OperationId::GetAccessKeyLastUsedEvents, "GetAccessKeyLastUsedEvents")
};

pub(in crate::operations) const GET_ACCESS_KEY_LAST_USED_IPS: Operation = Operation {
    params: PAGED,
    returns: &["Ips[].Ip", "Ips[].Source", "Ips[].UsedTimestamp", "Ips[].Detail", "NextToken"],
    errors: ERRORS,
    summary: "Lists the addresses an access key was used from with a service, with the last event of each.",
    ..reads(OperationId::GetAccessKeyLastUsedIps, "GetAccessKeyLastUsedIps")
};

pub(in crate::operations) const GET_ACCESS_KEY_LAST_USED_RESOURCES: Operation = Operation {
    params: PAGED,
    returns: &[
        "Resources[].ResourceName",
        "Resources[].ResourceType",
        "Resources[].Source",
        "Resources[].UsedTimestamp",
        "Resources[].Detail",
        "NextToken",
    ],
    errors: ERRORS,
    summary: "Lists the resources of a service an access key was used on, with the last event of each.",
    ..reads(OperationId::GetAccessKeyLastUsedResources, "GetAccessKeyLastUsedResources")
};
