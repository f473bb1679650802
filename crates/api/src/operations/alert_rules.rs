//! Alert rules beside what Log Service's own API says of them: those of all projects, a run over the past, why a rule did
//! or did not fire. Rules are made and changed over Log Service's API.

use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service, Touched};
use crate::param::Param;

const RULE_ARN: &[&str] = &["acs:cairn:*:{account}:alertrule/{Project}/{RuleName}"];
const PROJECT: Param = Param::text("Project", format::BUCKET_NAME, "the rule's project");
const RULE_NAME: Param = Param::text("RuleName", format::ANY, "the rule's name");
const RULE_FIELDS: &[&str] = &[
    "Rule.Project",
    "Rule.RuleName",
    "Rule.DisplayName",
    "Rule.Description",
    "Rule.Enabled",
    "Rule.Status",
    "Rule.Reason",
    "Rule.Schedule",
    "Rule.Configuration",
    "Rule.CreateTime",
    "Rule.UpdateTime",
];

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::ListAlertRules,
    service: Service::Cairn,
    name: "",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Named,
    resources: RULE_ARN,
    touches: &[],
    params: &[],
    returns: &[],
    errors: &[codes::ALERT_RULE_NOT_FOUND],
    summary: "",
};

pub(super) const LIST_ALERT_RULES: Operation = Operation {
    id: OperationId::ListAlertRules,
    name: "ListAlertRules",
    resources: &["acs:cairn:*:{account}:alertrule/*"],
    params: &[
        Param::text("Project", format::BUCKET_NAME, "only rules of this project"),
        Param::text("Marker", format::ANY, "`Marker` of the page before"),
        Param::integer("MaxItems", 1, 1000, "entries in a page").or("100"),
        ACCOUNT_ID,
    ],
    returns: &[
        "IsTruncated",
        "Marker",
        "Rules[].Project",
        "Rules[].RuleName",
        "Rules[].DisplayName",
        "Rules[].Enabled",
        "Rules[].Status",
        "Rules[].Reason",
        "Rules[].LastRunTime",
        "Rules[].MutedUntil",
        "Rules[].UpdateTime",
    ],
    errors: &[],
    summary: "Lists the account's alert rules, by project and name, and how each ended when it ran last.",
    ..ROW
};

pub(super) const GET_ALERT_RULE: Operation = Operation {
    id: OperationId::GetAlertRule,
    name: "GetAlertRule",
    params: &[PROJECT.required(), RULE_NAME.required(), ACCOUNT_ID],
    returns: RULE_FIELDS,
    summary: "Shows an alert rule; schedule and configuration as they were sent.",
    ..ROW
};

const SWITCH: Operation = Operation {
    access: Access::Write,
    touches: &[Touched { kind: "ACS::Cairn::AlertRule", param: "RuleName" }],
    params: &[PROJECT.required(), RULE_NAME.required(), ACCOUNT_ID],
    ..ROW
};

pub(super) const ENABLE_ALERT_RULE: Operation = Operation {
    id: OperationId::EnableAlertRule,
    name: "EnableAlertRule",
    summary: "Switches an alert rule on. One that is on stays on.",
    ..SWITCH
};

pub(super) const DISABLE_ALERT_RULE: Operation = Operation {
    id: OperationId::DisableAlertRule,
    name: "DisableAlertRule",
    summary: "Switches an alert rule off: it is not evaluated until it is switched on. One that is off stays off.",
    ..SWITCH
};

pub(super) const TEST_ALERT_RULE: Operation = Operation {
    id: OperationId::TestAlertRule,
    name: "TestAlertRule",
    params: &[
        PROJECT.required(),
        Param::text("RuleName", format::ANY, "a rule there is; or give Rule"),
        Param::text(
            "Rule",
            format::DOCUMENT,
            "a rule that need not exist: the JSON that CreateAlert takes, with `schedule` and `configuration`",
        ),
        Param::time("StartTime", "from here").required(),
        Param::time("EndTime", "until here; now when absent"),
        ACCOUNT_ID,
    ],
    returns: &["Report"],
    errors: &[
        codes::ALERT_RULE_NOT_FOUND,
        codes::INVALID_ALERT_RULE,
        codes::INVALID_PARAMETER_COMBINATION,
        codes::SERVICE_UNAVAILABLE,
    ],
    summary: "Runs a rule over a past range as if it had been there, and reports what it would have found and sent, to whom, \
              and what not and why. Nothing is sent and nothing is remembered. Who may do this may read what the \
              account's rules may read.",
    ..ROW
};

pub(super) const EXPLAIN_ALERT_RULE: Operation = Operation {
    id: OperationId::ExplainAlertRule,
    name: "ExplainAlertRule",
    params: &[
        PROJECT.required(),
        RULE_NAME.required(),
        Param::time("Time", "the moment asked about; now when absent"),
        ACCOUNT_ID,
    ],
    returns: &["Report"],
    errors: &[codes::ALERT_RULE_NOT_FOUND, codes::SERVICE_UNAVAILABLE],
    summary: "Says why a rule did or did not fire, or told somebody or nobody, at a moment: rows, groups, conditions with \
              their values, threshold, mute, silences, merging, policies.",
    ..ROW
};

pub(super) const DRAW_ALERT_ACTION_POLICY: Operation = Operation {
    id: OperationId::DrawAlertActionPolicy,
    name: "DrawAlertActionPolicy",
    resources: &["acs:cairn:*:{account}:alertpolicy/*"],
    params: &[
        Param::text("Script", format::DOCUMENT, "the script of an action policy; or give Graph"),
        Param::text(
            "Graph",
            format::DOCUMENT,
            "a graph of conditions, action groups and ends, as this operation gives it",
        ),
        ACCOUNT_ID,
    ],
    returns: &["Graph.start", "Graph.nodes[]", "Script"],
    errors: &[codes::INVALID_ALERT_POLICY, codes::INVALID_PARAMETER_COMBINATION],
    summary: "Turns the script of an action policy into a graph, or a graph into its script, without loss; a script that no \
              graph can draw says so. Nothing is kept.",
    ..ROW
};
