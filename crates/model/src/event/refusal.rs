//! Why an event was refused: a stable code and a sentence that names the field, the value and the fix.

use crate::Timestamp;
use crate::limits::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_ID_BYTES_MAX, EVENT_TIME_AHEAD_MAX};

/// Why an event was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not JSON, or not UTF-8.
    #[error("the event is not valid JSON: {reason}")]
    MalformedJson {
        /// The parser's words, with line and column.
        reason: String,
    },
    /// JSON, but not an object.
    #[error("the event is not a JSON object; send one object per event")]
    NotAnObject,
    /// Longer than the limit.
    #[error(
        "the event has {bytes} bytes, the limit is {EVENT_BYTES_MAX}; shorten requestParameters or responseElements"
    )]
    EventTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Nested deeper than the limit.
    #[error("the event nests deeper than {EVENT_DEPTH_MAX} levels; flatten it")]
    TooDeep,
    /// No `eventId`.
    #[error("eventId is missing or empty; give each event a unique text such as a GUID")]
    MissingEventId,
    /// `eventId` longer than the limit.
    #[error("eventId {value:?} has {bytes} bytes, the limit is {EVENT_ID_BYTES_MAX}; use a GUID")]
    EventIdTooLong {
        /// What was given, cut to 64 characters.
        value: String,
        /// Its size.
        bytes: usize,
    },
    /// No `eventTime`.
    #[error("eventTime is missing; give the time of the event as YYYY-MM-DDThh:mm:ssZ (UTC)")]
    MissingEventTime,
    /// `eventTime` is not a time.
    #[error("eventTime {value:?} is not a time; use YYYY-MM-DDThh:mm:ssZ (UTC)")]
    InvalidEventTime {
        /// What was given, cut to 64 characters.
        value: String,
    },
    /// `eventTime` lies too far ahead.
    #[error("eventTime {time} is more than {} hours ahead of the receipt time {now}; check the producer's clock", EVENT_TIME_AHEAD_MAX.as_secs() / 3600)]
    EventTimeInFuture {
        /// What the event says.
        time: Timestamp,
        /// When it was received.
        now: Timestamp,
    },
    /// The event should name its account and does not.
    #[error(
        "recipientAccountId and userIdentity.accountId are missing or not account ids; one is needed with account=from-event"
    )]
    NoAccount,
    /// The account it names does not exist.
    #[error("account {account} does not exist; create it, or let the operator set [ingest] create_accounts = true")]
    UnknownAccount {
        /// The account named.
        account: String,
    },
    /// The caller may not write for the account.
    #[error("the caller may not put events for account {account}; it needs cairn:PutEvents there")]
    AccountNotAllowed {
        /// The account named.
        account: String,
    },
}

impl Refusal {
    /// The stable code clients may match on.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::MalformedJson { .. } => "MalformedJson",
            Refusal::NotAnObject => "NotAnObject",
            Refusal::EventTooLarge { .. } => "EventTooLarge",
            Refusal::TooDeep => "TooDeep",
            Refusal::MissingEventId => "MissingEventId",
            Refusal::EventIdTooLong { .. } => "EventIdTooLong",
            Refusal::MissingEventTime => "MissingEventTime",
            Refusal::InvalidEventTime { .. } => "InvalidEventTime",
            Refusal::EventTimeInFuture { .. } => "EventTimeInFuture",
            Refusal::NoAccount => "NoAccount",
            Refusal::UnknownAccount { .. } => "UnknownAccount",
            Refusal::AccountNotAllowed { .. } => "AccountNotAllowed",
        }
    }
}
