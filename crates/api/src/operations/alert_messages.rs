//! What was told to whom, the inbox, and trying out templates and channels; users as lines of text.

use super::{ACCOUNT_ID, OperationId};
use crate::codes;
use crate::format;
use crate::operation::{Access, Operation, Scope, Service};
use crate::param::Param;

const CHANNELS: &[&str] = &[
    "sms",
    "voice",
    "email",
    "dingtalk",
    "webhook",
    "message_center",
    "wechat",
    "lark",
    "slack",
    "event_bridge",
    "fc",
];
const LOCALES: &[&str] = &["zh-CN", "en-US"];
const PAGE_NUMBER: Param = Param::integer("PageNumber", 1, 1_000_000, "the page, counted from 1").or("1");
const PAGE_SIZE: Param = Param::integer("PageSize", 1, 100, "entries in a page").or("20");
const CHANNEL: Param = Param::choice("Channel", CHANNELS, "by which way").required();

/// What the rows have in common.
const ROW: Operation = Operation {
    id: OperationId::ListAlertNotifications,
    service: Service::Cairn,
    name: "",
    access: Access::Read,
    sensitive: false,
    scope: Scope::Named,
    resources: &["acs:cairn:*:{account}:alertnotification/*"],
    touches: &[],
    params: &[],
    returns: &[],
    errors: &[],
    summary: "",
};

pub(super) const LIST_ALERT_NOTIFICATIONS: Operation = Operation {
    id: OperationId::ListAlertNotifications,
    name: "ListAlertNotifications",
    params: &[
        Param::text("Project", format::BUCKET_NAME, "only of rules of this project"),
        Param::text("RuleName", format::ANY, "only of this rule"),
        Param::text("IncidentId", format::ANY, "only of this incident"),
        Param::choice("Outcome", &["waiting", "sent", "failed", "suppressed"], "only with this outcome"),
        PAGE_NUMBER,
        PAGE_SIZE,
        ACCOUNT_ID,
    ],
    returns: &[
        "Total",
        "Notifications[].NotificationId",
        "Notifications[].Project",
        "Notifications[].RuleName",
        "Notifications[].ActionPolicy",
        "Notifications[].Channel",
        "Notifications[].Recipient",
        "Notifications[].Outcome",
        "Notifications[].Code",
        "Notifications[].Reason",
        "Notifications[].Title",
        "Notifications[].IncidentIds[]",
        "Notifications[].Attempts",
        "Notifications[].CreateTime",
        "Notifications[].FinishTime",
    ],
    summary: "Lists what was told to whom and what was deliberately not, the newest first, each with the reason.",
    ..ROW
};

pub(super) const GET_ALERT_NOTIFICATION_ATTEMPTS: Operation = Operation {
    id: OperationId::GetAlertNotificationAttempts,
    name: "GetAlertNotificationAttempts",
    params: &[Param::text("NotificationId", format::ANY, "the notification").required(), ACCOUNT_ID],
    returns: &["Attempts[].Number", "Attempts[].Time", "Attempts[].Outcome", "Attempts[].Detail"],
    summary: "Shows each attempt to send a notification and what the receiver said. None of one that was never sent.",
    ..ROW
};

pub(super) const LIST_ALERT_MESSAGES: Operation = Operation {
    id: OperationId::ListAlertMessages,
    name: "ListAlertMessages",
    resources: &["acs:cairn:*:{account}:alertmessage/*"],
    params: &[Param::boolean("UnreadOnly", "only those nobody has read"), PAGE_NUMBER, PAGE_SIZE, ACCOUNT_ID],
    returns: &[
        "Total",
        "Messages[].MessageId",
        "Messages[].Severity",
        "Messages[].Title",
        "Messages[].Content",
        "Messages[].CreateTime",
        "Messages[].ReadTime",
    ],
    summary: "Lists the messages of the Message Center, the newest first.",
    ..ROW
};

pub(super) const MARK_ALERT_MESSAGES_READ: Operation = Operation {
    id: OperationId::MarkAlertMessagesRead,
    name: "MarkAlertMessagesRead",
    access: Access::Write,
    resources: &["acs:cairn:*:{account}:alertmessage/*"],
    params: &[Param::text("MessageIds", format::DOCUMENT, "ids, joined by commas").required(), ACCOUNT_ID],
    summary: "Marks messages of the Message Center as read.",
    ..ROW
};

pub(super) const PREVIEW_ALERT_TEMPLATE: Operation = Operation {
    id: OperationId::PreviewAlertTemplate,
    name: "PreviewAlertTemplate",
    resources: &["acs:cairn:*:{account}:alerttemplate/{TemplateId}"],
    params: &[
        Param::text("TemplateId", format::ANY, "a content template there is; or give Template"),
        Param::text("Template", format::DOCUMENT, "a content template that need not exist: the record's JSON"),
        CHANNEL,
        Param::choice("Locale", LOCALES, "in this language instead of the template's"),
        ACCOUNT_ID,
    ],
    returns: &["Messages[].Title", "Messages[].Body", "Messages[].Plain"],
    errors: &[codes::ALERT_TEMPLATE_NOT_FOUND, codes::INVALID_ALERT_TEMPLATE, codes::INVALID_PARAMETER_COMBINATION],
    summary: "Shows what a content template makes of two sample alerts on a channel.",
    ..ROW
};

pub(super) const SEND_ALERT_TEST_MESSAGE: Operation = Operation {
    id: OperationId::SendAlertTestMessage,
    name: "SendAlertTestMessage",
    access: Access::Write,
    params: &[
        CHANNEL,
        Param::text(
            "Target",
            format::ANY,
            "a user's id, a webhook's id, or an address: mail, `86-13800000000`, `https://...`",
        ),
        Param::text("TemplateId", format::ANY, "the content template").or("sls.builtin.en"),
        Param::choice("Locale", LOCALES, "the language").or("en-US"),
        ACCOUNT_ID,
    ],
    returns: &["Report"],
    errors: &[codes::INVALID_PARAMETER, codes::SERVICE_UNAVAILABLE],
    summary: "Sends the sample alerts to a user or a webhook now, once, and says how it went.",
    ..ROW
};

pub(super) const EXPORT_ALERT_USERS: Operation = Operation {
    id: OperationId::ExportAlertUsers,
    name: "ExportAlertUsers",
    resources: &["acs:cairn:*:{account}:alertuser/*"],
    params: &[ACCOUNT_ID],
    returns: &["Users", "Count"],
    summary: "Gives the users that are notified as lines of text, which ImportAlertUsers takes.",
    ..ROW
};

pub(super) const IMPORT_ALERT_USERS: Operation = Operation {
    id: OperationId::ImportAlertUsers,
    name: "ImportAlertUsers",
    access: Access::Write,
    resources: &["acs:cairn:*:{account}:alertuser/*"],
    params: &[
        Param::text(
            "Users",
            format::DOCUMENT,
            "lines: id, name, enabled, country code and number, text messages, calls, mail addresses; never recorded",
        )
        .required()
        .secret(),
        ACCOUNT_ID,
    ],
    returns: &["Count"],
    errors: &[codes::INVALID_ALERT_USERS, codes::LIMIT_EXCEEDED_ALERT_USER],
    summary: "Writes users that are notified, new ones and those that are there; all of them, or none when a line is wrong.",
    ..ROW
};
