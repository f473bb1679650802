//! ActionTrail's older versions. Echo and Help are rows like any other; the rest are second rows of present operations,
//! with the parameters and the reply those versions have. The gateway renames both.

use super::{OperationId, actiontrail};
use crate::codes;
use crate::format;
use crate::operation::Service::{Actiontrail2015 as In2015, Actiontrail2017 as In2017};
use crate::operation::{Access, Operation, Scope, Service};
use crate::param::Param;

const ACCOUNT: &[&str] = &["acs:actiontrail:{region}:{account}:*"];

pub(super) const ECHO: Operation = Operation {
    service: Service::Actiontrail2017,
    params: &[
        Param::text("Name", format::ANY, "given back"),
        Param::text("BucketName", format::ANY, "given back"),
        Param::text("KeyPrefix", format::ANY, "given back"),
        Param::text("Status", format::ANY, "given back"),
        Param::text("IsLogging", format::ANY, "given back"),
        Param::text("LatestDeliveryError", format::ANY, "given back"),
        Param::text("LatestDeliveryTime", format::ANY, "given back"),
        Param::text("StartLoggingTime", format::ANY, "given back"),
        Param::text("StopLoggingTime", format::ANY, "given back"),
    ],
    returns: &["Echo", "Echo.Name"],
    errors: &[],
    summary: "Gives back the operation's parameters as they were understood.",
    ..row(&actiontrail::DESCRIBE_REGIONS, OperationId::Echo, "Echo")
};

pub(super) const HELP: Operation = Operation {
    service: Service::Actiontrail2017,
    params: &[],
    returns: &["Operations[].Name", "Operations[].Summary", "Operations[].Parameters"],
    errors: &[],
    summary: "Lists the operations of this version and their parameters.",
    ..row(&actiontrail::DESCRIBE_REGIONS, OperationId::Help, "Help")
};

const NAME: Param = Param::text("Name", format::TRAIL_NAME, "the trail").required();
const EXISTING: Param = NAME.refused_as(codes::TRAIL_NOT_FOUND);
const BUCKET: Param = Param::text("OssBucketName", format::BUCKET_NAME, "the bucket to deliver to");
const PREFIX: Param = Param::text("OssKeyPrefix", format::KEY_PREFIX, "what object keys start with");
const ROLE: Param = Param::text("RoleName", format::ANY, "the role that delivers, by name or ARN");
const EVENT_RW: Param = Param::choice("EventRW", &["Write", "Read", "All"], "which events").or("Write");
const REGIONS: Param = Param::text("TrailRegion", format::TRAIL_REGIONS, "the regions whose events are delivered");
const SLS_PROJECT: Param = actiontrail::SLS_PROJECT_ARN;
const SLS_ROLE: Param = actiontrail::SLS_WRITE_ROLE_ARN;
const QUEUE: Param = Param::unsupported("MnsTopicArn", "message queues are not built");

const CREATE: &[Param] = &[
    NAME.refused_as(codes::INVALID_TRAIL_NAME),
    BUCKET.required(),
    PREFIX.refused_as(codes::INVALID_PREFIX),
    ROLE.required(),
    EVENT_RW,
    REGIONS.or("All"),
    SLS_PROJECT,
    SLS_ROLE,
    QUEUE,
    Param::boolean("IsOrganizationTrail", "a trail of a whole organization"),
];
const UPDATE: &[Param] = &[
    EXISTING,
    BUCKET.keeps_empty(),
    PREFIX.keeps_empty().refused_as(codes::INVALID_PREFIX),
    ROLE.keeps_empty(),
    Param::choice("EventRW", &["Write", "Read", "All"], "which events are delivered"),
    REGIONS,
    SLS_PROJECT.keeps_empty(),
    SLS_ROLE.keeps_empty(),
    QUEUE,
];
const TRAIL_FIELDS: &[&str] = &[
    "Name",
    "HomeRegion",
    "EventRW",
    "TrailRegion",
    "OssBucketName",
    "OssKeyPrefix",
    "RoleName",
    "SlsProjectArn",
    "SlsWriteRoleArn",
];
const LISTED_FIELDS: &[&str] = &[
    "TrailList[].Name",
    "TrailList[].HomeRegion",
    "TrailList[].EventRW",
    "TrailList[].TrailRegion",
    "TrailList[].Status",
    "TrailList[].OssBucketName",
    "TrailList[].OssKeyPrefix",
    "TrailList[].RoleName",
    "TrailList[].SlsProjectArn",
    "TrailList[].SlsWriteRoleArn",
    "TrailList[].IsOrganizationTrail",
    "TrailList[].CreateTime",
    "TrailList[].UpdateTime",
    "TrailList[].StartLoggingTime",
    "TrailList[].StopLoggingTime",
];
const STATUS_FIELDS: &[&str] =
    &["IsLogging", "LatestDeliveryTime", "LatestDeliveryError", "StartLoggingTime", "StopLoggingTime"];
const LOOKUP: &[Param] = &[
    Param::time("StartTime", "from this second on; seven days before EndTime when absent")
        .refused_as(codes::INVALID_TIME_RANGE),
    Param::time("EndTime", "up to and including this second; now when absent").refused_as(codes::INVALID_TIME_RANGE),
    EVENT_RW,
    Param::text("Event", format::ANY, "the event's id"),
    Param::text("Request", format::ANY, "the id of the request it records"),
    Param::text("ServiceName", format::ANY, "the service"),
    Param::text("EventName", format::ANY, "the operation"),
    Param::text("EventType", format::ANY, "the type of event"),
    Param::text("User", format::ANY, "the caller's name"),
    Param::text("ResourceType", format::ANY, "a type of resource it names"),
    Param::text("ResourceName", format::ANY, "a resource it names"),
    Param::text("EventAccessKeyId", format::ANY, "the access key it was signed with"),
    Param::integer("MaxResults", 0, 50, "events in a page").or("20"),
    Param::text("NextToken", format::DOCUMENT, "from the page before; every other parameter stays the same"),
];
const LOOKUP_ERRORS: &[codes::ErrorCode] =
    &[codes::INVALID_TIME_RANGE, codes::INVALID_PARAMETER_VALUE, codes::THROTTLING_USER];

const DESCRIBE_2017: &[Param] = &[
    Param::text("NameList", format::TRAIL_NAMES, "only these trails; all when absent")
        .refused_as(codes::INVALID_TRAIL_NAME),
    Param::boolean("IncludeShadowTrails", "also those of another home region"),
    Param::boolean("IncludeOrganizationTrail", "also those of an organization"),
];
const DESCRIBE_2015: &[Param] =
    &[Param::text("Name", format::TRAIL_NAME, "only this trail; all when absent")
        .refused_as(codes::INVALID_TRAIL_NAME)];
const ONE_TRAIL: &[Param] = &[EXISTING];

/// A row with the common parts of a present one.
const fn row(present: &Operation, id: OperationId, name: &'static str) -> Operation {
    Operation {
        id,
        service: Service::Actiontrail2017,
        name,
        access: present.access,
        sensitive: present.sensitive,
        scope: present.scope,
        resources: present.resources,
        touches: present.touches,
        params: present.params,
        returns: present.returns,
        errors: present.errors,
        summary: present.summary,
    }
}

const fn older(
    service: Service,
    present: &Operation,
    params: &'static [Param],
    returns: &'static [&'static str],
) -> Operation {
    Operation { service, params, returns, ..row(present, present.id, present.name) }
}

const fn lookup(service: Service) -> Operation {
    Operation {
        id: OperationId::LookupEvents,
        service,
        name: "LookupEvents",
        access: Access::Read,
        sensitive: false,
        scope: Scope::Own,
        resources: ACCOUNT,
        touches: &[],
        params: LOOKUP,
        returns: &["Events[]", "StartTime", "EndTime", "NextToken"],
        errors: LOOKUP_ERRORS,
        summary: "Finds management events of at most seven days by any of these that must all hold, the newest first.",
    }
}

/// The second rows: present operations as older versions have them.
pub const OLDER_OPERATIONS: &[Operation] = &[
    older(In2017, &actiontrail::CREATE_TRAIL, CREATE, TRAIL_FIELDS),
    older(In2017, &actiontrail::UPDATE_TRAIL, UPDATE, TRAIL_FIELDS),
    older(In2017, &actiontrail::DELETE_TRAIL, ONE_TRAIL, &[]),
    older(In2017, &actiontrail::DESCRIBE_TRAILS, DESCRIBE_2017, LISTED_FIELDS),
    older(In2017, &actiontrail::GET_TRAIL_STATUS, actiontrail::GET_TRAIL_STATUS.params, STATUS_FIELDS),
    older(In2017, &actiontrail::START_LOGGING, ONE_TRAIL, &[]),
    older(In2017, &actiontrail::STOP_LOGGING, ONE_TRAIL, &[]),
    older(In2017, &actiontrail::DESCRIBE_REGIONS, &[], &["Regions.Region[].RegionId"]),
    lookup(In2017),
    older(In2015, &actiontrail::CREATE_TRAIL, CREATE, TRAIL_FIELDS),
    older(In2015, &actiontrail::UPDATE_TRAIL, UPDATE, TRAIL_FIELDS),
    older(In2015, &actiontrail::DELETE_TRAIL, ONE_TRAIL, &[]),
    older(In2015, &actiontrail::DESCRIBE_TRAILS, DESCRIBE_2015, LISTED_FIELDS),
    older(In2015, &actiontrail::GET_TRAIL_STATUS, ONE_TRAIL, STATUS_FIELDS),
    older(In2015, &actiontrail::START_LOGGING, ONE_TRAIL, &[]),
    older(In2015, &actiontrail::STOP_LOGGING, ONE_TRAIL, &[]),
    lookup(In2015),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_older_versions_have_their_operations_once() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/actiontrail-api.json");
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
        let published: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (service, version) in [(In2017, "2017-12-04"), (In2015, "2015-09-28")] {
            let listed = published["older_versions"][version]["operations"].as_object().expect("operations");
            let listed: BTreeSet<&str> = listed.keys().map(String::as_str).collect();
            let every = crate::OPERATIONS.iter().chain(OLDER_OPERATIONS).filter(|row| row.service == service);
            let rows: Vec<&str> = every.map(|row| row.name).collect();
            assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), listed, "{version}");
            assert_eq!(rows.len(), listed.len(), "{version}");
            for name in listed {
                let row = Operation::find(name, Some(version)).expect("a row");
                assert_eq!(row.service.version(), version);
                assert!(row.is_older());
            }
        }
    }
}
