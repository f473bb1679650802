//! Every limit of the product in one place, with where its number comes from.

use std::time::Duration;

/// One event's bytes as sent. CloudTrail's limit is 256 KB too; the largest real event seen is 8 KB.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Events in one `POST /v1/events`.
pub const REQUEST_EVENTS_MAX: usize = 10_000;
/// Decompressed bytes in one `POST /v1/events`.
pub const REQUEST_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Bytes of an RPC request's form body; the largest real one is a policy document of 6 KB.
pub const RPC_BODY_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an `eventId`; the usual ones are GUIDs of 36.
pub const EVENT_ID_BYTES_MAX: usize = 256;
/// How far an `eventTime` may lie ahead of the receipt time: a wrong time zone is forgiven, a wrong year is not.
pub const EVENT_TIME_AHEAD_MAX: Duration = Duration::from_secs(24 * 3600);
/// Nesting of an event's JSON, so that a hostile event cannot exhaust the stack.
pub const EVENT_DEPTH_MAX: usize = 64;
/// Events of one lookup page (ActionTrail's own limit).
pub const LOOKUP_PAGE_MAX: usize = 50;
/// Distance of a request's timestamp from our clock (Alibaba Cloud's V3 signature documentation).
pub const REQUEST_TIME_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Trails per account and home region unless the operator says otherwise (ActionTrail's own limit).
pub const TRAILS_PER_REGION_DEFAULT: usize = 5;
/// Default lookup window when none is given (ActionTrail's own).
pub const LOOKUP_WINDOW_DEFAULT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Days a lookup reaches back by default (ActionTrail's own).
pub const HISTORY_DAYS_DEFAULT: u32 = 90;
/// A delivered object closes at this many bytes of JSON, or after [`DELIVERY_AGE_MAX`].
pub const DELIVERY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A delivered object closes when its oldest event was received this long ago (ActionTrail promises 5 minutes).
pub const DELIVERY_AGE_MAX: Duration = Duration::from_secs(60);
/// How long the counters of a trail's deliveries are kept.
pub const DELIVERY_METRICS_AGE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// Levels of folders below a directory's root (Resource Directory's own limit).
pub const FOLDER_LEVELS_MAX: usize = 5;
/// Folders of a directory (Resource Directory's own default).
pub const FOLDERS_MAX: usize = 100;
/// Administrators of one service for an organization (Resource Directory's own limit for ActionTrail).
pub const DELEGATED_ADMINISTRATORS_MAX: usize = 5;
/// How long an account may think about an invitation (Resource Directory's own).
pub const HANDSHAKE_AGE_MAX: Duration = Duration::from_secs(14 * 24 * 3600);
