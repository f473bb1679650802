//! Incidents and what people do about them; silences.

use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const STATUSES: &[&str] = &["firing", "confirmed", "ignored", "resolved"];
const PAGE_NUMBER: Param = Param::integer("PageNumber", 1, 1_000_000, "the page, counted from 1").or("1");
const PAGE_SIZE: Param = Param::integer("PageSize", 1, 100, "entries in a page").or("20");
const INCIDENT_ARN: &[&str] = &["acs:cairn:*:{account}:alertincident/{IncidentId}"];
const INCIDENT_ID: Param = Param::text("IncidentId", format::ANY, "the incident").required();
const SILENCE_ID: Param = Param::text("SilenceId", format::ANY, "the silence").required();

/// A comparison of a silence.
const MATCHER: &[Param] = &[
    Param::text(
        "Object",
        format::ANY,
        "what is compared: `labels.<name>`, `entity.actor`, `entity.key`, `entity.resource`, `entity.address`, \
         `alert_id`, `project`, `severity` ...",
    )
    .required(),
    Param::text(
        "Operator",
        format::ANY,
        "`==`, `!=`, `>`, `>=`, `<`, `<=`, `=~`, `!~`, `in`, `not in`; `==` when absent",
    ),
    Param::text("Value", format::ANY, "with what; a JSON list behind `in` and `not in`").required(),
];

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::ListAlertIncidents,
    service: Service::Cairn,
    name: "",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Named,
    resources: INCIDENT_ARN,
    touches: &[],
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const LIST_ALERT_INCIDENTS: Operation = Operation {
    id: OperationId::ListAlertIncidents,
    name: "ListAlertIncidents",
    resources: &["acs:cairn:*:{account}:alertincident/*"],
    params: &[
        Param::text("Project", format::BUCKET_NAME, "only of rules of this project"),
        Param::text("RuleName", format::ANY, "only of this rule"),
        Param::choice("Status", STATUSES, "only in this state"),
        Param::time("StartTime", "only those that fired first at or after this"),
        Param::time("EndTime", "only those that fired first before this"),
        PAGE_NUMBER,
        PAGE_SIZE,
        ACCOUNT_ID,
    ],
    returns: &[
        "Total",
        "Open",
        "Incidents[].IncidentId",
        "Incidents[].Project",
        "Incidents[].RuleName",
        "Incidents[].Title",
        "Incidents[].Status",
        "Incidents[].Severity",
        "Incidents[].Labels",
        "Incidents[].FireTime",
        "Incidents[].LastTime",
        "Incidents[].EndTime",
        "Incidents[].HandledBy",
        "Incidents[].Note",
    ],
    summary: "Lists the account's incidents, the newest first; `Open` counts those that are open and not ignored.",
    ..ROW
};

pub(super) const GET_ALERT_INCIDENT: Operation = Operation {
    id: OperationId::GetAlertIncident,
    name: "GetAlertIncident",
    params: &[INCIDENT_ID, ACCOUNT_ID],
    returns: &["Incident.IncidentId", "Incident.Status", "Incident.Alert", "Notifications[]"],
    errors: &[codes::ALERT_INCIDENT_NOT_FOUND],
    summary: "Shows an incident, its last alert, and what was told of it to whom, or why not.",
    ..ROW
};

pub(super) const UPDATE_ALERT_INCIDENT: Operation = Operation {
    id: OperationId::UpdateAlertIncident,
    name: "UpdateAlertIncident",
    access: Access::Write,
    touches: &[Touched { kind: "ACS::Cairn::AlertIncident", param: "IncidentId" }],
    params: &[
        INCIDENT_ID,
        Param::choice(
            "IncidentStatus",
            STATUSES,
            "`confirmed`: somebody works on it, and it is not repeated until it changes; `ignored`: it tells nobody until \
             it is over; `resolved`: it is over; `firing`: nobody works on it after all",
        )
        .required(),
        Param::text("Note", format::ANY, "for the others"),
        ACCOUNT_ID,
    ],
    returns: &["Incident.IncidentId", "Incident.Status", "Incident.HandledBy"],
    errors: &[codes::ALERT_INCIDENT_NOT_FOUND],
    summary: "Says what is done about an open incident.",
    ..ROW
};

pub(super) const CREATE_ALERT_SILENCE: Operation = Operation {
    id: OperationId::CreateAlertSilence,
    name: "CreateAlertSilence",
    access: Access::Write,
    resources: &["acs:cairn:*:{account}:alertsilence/*"],
    params: &[
        Param::list("Matcher", MATCHER, 16, "what an alert must meet, all of them, to be silenced; at least one"),
        Param::time("StartTime", "from when on; now when absent"),
        Param::time("EndTime", "until when, at most 366 days").required(),
        Param::text("Reason", format::ANY, "why, for whoever wonders").required(),
        ACCOUNT_ID,
    ],
    returns: &["Silence.SilenceId", "Silence.StartTime", "Silence.EndTime", "Silence.Reason", "Silence.Creator"],
    errors: &[codes::INVALID_ALERT_SILENCE, codes::LIMIT_EXCEEDED_ALERT_SILENCE],
    summary: "Keeps alerts of a rule, an actor, a key, a resource, an address ... quiet for a while. They are evaluated and \
              recorded as ever; what is not told says that it was silenced, by whom and why.",
    ..ROW
};

pub(super) const LIST_ALERT_SILENCES: Operation = Operation {
    id: OperationId::ListAlertSilences,
    name: "ListAlertSilences",
    resources: &["acs:cairn:*:{account}:alertsilence/*"],
    params: &[Param::boolean("IncludeEnded", "also those that are over"), ACCOUNT_ID],
    returns: &[
        "Silences[].SilenceId",
        "Silences[].Matchers[].Object",
        "Silences[].Matchers[].Operator",
        "Silences[].Matchers[].Value",
        "Silences[].StartTime",
        "Silences[].EndTime",
        "Silences[].Reason",
        "Silences[].Creator",
    ],
    summary: "Lists the account's silences, the newest first.",
    ..ROW
};

pub(super) const DELETE_ALERT_SILENCE: Operation = Operation {
    id: OperationId::DeleteAlertSilence,
    name: "DeleteAlertSilence",
    access: Access::Write,
    resources: &["acs:cairn:*:{account}:alertsilence/{SilenceId}"],
    touches: &[Touched { kind: "ACS::Cairn::AlertSilence", param: "SilenceId" }],
    params: &[SILENCE_ID, ACCOUNT_ID],
    errors: &[codes::ALERT_SILENCE_NOT_FOUND],
    summary: "Ends a silence at once.",
    ..ROW
};
