//! The calls that are not RPC: putting events, finding them without ActionTrail's limits, and signing in.

use model::limits::{REQUEST_BYTES_MAX, REQUEST_EVENTS_MAX};

use crate::codes::{self, ErrorCode};
use crate::format;
use crate::param::Param;

/// One REST call.
#[derive(Debug, Clone, Copy)]
pub struct RestOperation {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// The permission a caller needs; empty when it needs none.
    pub permission: &'static str,
    /// The ARN template it needs it on.
    pub resource: &'static str,
    /// Its query parameters.
    pub params: &'static [Param],
    /// Whether the name of any attribute is a query parameter too.
    pub takes_attributes: bool,
    /// Paths of the reply's fields.
    pub returns: &'static [&'static str],
    /// The codes it fails with, besides the common ones.
    pub errors: &'static [ErrorCode],
    /// What it does.
    pub summary: &'static str,
}

/// Events of one `GET /v1/events` page at most.
pub const PAGE_EVENTS_MAX: i64 = 1000;
/// Seconds a tail may wait for the next event; below the usual idle limit of proxies.
pub const TAIL_WAIT_SECONDS_MAX: i64 = 30;

/// `POST /v1/events`.
pub const PUT_EVENTS: RestOperation = RestOperation {
    method: "POST",
    path: "/v1/events",
    permission: "cairn:PutEvents",
    resource: "acs:cairn:*:{account}:events",
    params: &[Param::text(
        "account",
        format::ANY,
        "the account the events are for, or `from-event`: each event goes to its `recipientAccountId`, else its \
         `userIdentity.accountId`; the caller's account when absent",
    )],
    takes_attributes: false,
    returns: &["Accepted", "Duplicates", "Refused[].Index", "Refused[].EventId", "Refused[].Code", "Refused[].Message"],
    errors: &[
        codes::MALFORMED_BODY,
        codes::UNSUPPORTED_MEDIA_TYPE,
        codes::REQUEST_TOO_LARGE,
        codes::ACCOUNT_NOT_FOUND,
        codes::THROTTLING,
    ],
    summary: "Stores events. The body is a JSON array or one object (`application/json`), or one event a line \
              (`application/x-ndjson`), plain, gzip or zstd. The answer comes when they are on disk: how many are new, \
              how many were there already by their `eventId`, and which were refused and why. At most 10,000 events \
              and 10 MiB decompressed. Signed with an access key, or with `Authorization: Bearer` and an ingest token.",
};

/// `GET /v1/events`.
pub const GET_EVENTS: RestOperation = RestOperation {
    method: "GET",
    path: "/v1/events",
    permission: "actiontrail:LookupEvents",
    resource: "acs:actiontrail:{region}:{account}:*",
    params: &[
        Param::time("start", "from this time on; the start of the history when absent"),
        Param::time("end", "up to and including this time; no end when absent"),
        Param::choice("direction", &["forward", "backward"], "oldest or newest first").or("backward"),
        Param::integer("limit", 1, PAGE_EVENTS_MAX, "events in a page").or("100"),
        Param::text("next", format::DOCUMENT, "`NextToken` of the page before; every other parameter stays the same"),
        Param::text("text", format::ANY, "a word or phrase anywhere in the event's values, in any case"),
        Param::text("after", format::PLACE, "tail: events in the order they were accepted, after this one"),
        Param::integer("wait", 0, TAIL_WAIT_SECONDS_MAX, "tail: seconds to wait when there is nothing new").or("0"),
    ],
    takes_attributes: true,
    returns: &["Events[].Seq", "Events[].ReceivedTime", "Events[].Event", "NextToken", "After"],
    errors: &[
        codes::INVALID_PARAMETER,
        codes::INVALID_PARAMETER_COMBINATION,
        codes::INVALID_PARAMETER_START_TIME,
        codes::THROTTLING_USER,
    ],
    summary: "Finds events of the caller's account by any number of `Attribute=value` conditions that must all hold. \
              With `after` it tails instead: `After` in the reply is where the next call goes on, and is there even when \
              no event is. A page is cut at 8 MiB; `NextToken` or `After` says where it goes on.",
};

/// `POST /v1/query`.
pub const QUERY: RestOperation = RestOperation {
    method: "POST",
    path: "/v1/query",
    permission: "actiontrail:LookupEvents",
    resource: "acs:actiontrail:*:{account}:*",
    params: &[
        Param::text("sql", format::DOCUMENT, "a statement in PostgreSQL's dialect, over all tables"),
        Param::text(
            "query",
            format::DOCUMENT,
            "or a text of the query language (conditions, and SQL behind a bar), over one table",
        ),
        Param::text("table", format::ANY, "the table of `query`: `events`, a Logstore, or `<project>.<logstore>`")
            .or("events"),
        Param::time("from", "events from this time on"),
        Param::time("to", "events before this time"),
        Param::integer("rows", 1, 1_000_000_000, "rows at most; never more than the node's own limit"),
    ],
    takes_attributes: false,
    returns: &["Complete", "Rows", "ScannedRows", "ScannedBytes", "ElapsedMilliseconds", "Code", "Message"],
    errors: &[
        codes::INVALID_QUERY,
        codes::INVALID_PARAMETER_COMBINATION,
        codes::RESOURCE_NOT_FOUND,
        codes::QUERY_LIMIT,
        codes::THROTTLING_USER,
    ],
    summary: "Answers in SQL. The parameters are a form in the body. The answer is an Arrow IPC stream \
              (`application/vnd.apache.arrow.stream`) with one JSON object behind its end, which has these fields: \
              `Complete` says whether these are all the rows, else `Code` and `Message` say what ended them. The \
              permission named here is that of the table `events`; a Logstore's is `log:GetLogStoreLogs` on it, a warehouse \
              table's `cairn:QueryWarehouse`. A table the caller may not read is not there.",
};

/// `POST /v1/signin`.
pub const SIGN_IN: RestOperation = RestOperation {
    method: "POST",
    path: "/v1/signin",
    permission: "",
    resource: "",
    params: &[
        Param::text("Account", format::ANY, "the account's id or alias").required(),
        Param::text("UserName", format::ANY, "the user; the account itself when absent"),
        Param::text("Password", format::ANY, "the password").required().secret(),
        Param::text("AuthenticationCode", format::ANY, "what the second factor shows, when one is bound").secret(),
        Param::text("NewPassword", format::ANY, "a password to take the present one's place").secret(),
    ],
    takes_attributes: false,
    returns: &[
        "Credentials.AccessKeyId",
        "Credentials.AccessKeySecret",
        "Credentials.SecurityToken",
        "Credentials.Expiration",
    ],
    errors: &[
        codes::INVALID_CREDENTIALS,
        codes::MFA_REQUIRED,
        codes::INVALID_AUTHENTICATION_CODE,
        codes::PASSWORD_RESET_REQUIRED,
        codes::PASSWORD_EXPIRED,
        codes::INVALID_PASSWORD,
        codes::THROTTLING,
    ],
    summary: "Signs in with a password, for credentials of six hours. The parameters are a form in the body. Each \
              attempt on an account that exists leaves a ConsoleSignin event of `AasCustomer` in it, also one that \
              fails. After as many attempts within an hour as the account's rules allow, none succeeds.",
};

/// All of them.
pub const REST_OPERATIONS: &[RestOperation] = &[PUT_EVENTS, GET_EVENTS, QUERY, SIGN_IN];

// The summaries repeat these in words.
const _: () = assert!(REQUEST_EVENTS_MAX == 10_000 && REQUEST_BYTES_MAX == 10 * 1024 * 1024);
