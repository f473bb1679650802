//! The time a query looks at, counted from the instant of its run.
//!
//! `Relative` counts from the instant itself, `Truncated` from the beginning of the unit it is in (with an offset of +0800
//! for days), `Custom` may also name seconds since 1970.

use model::Timestamp;

use super::RuleError;
use super::reader::Reader;
use crate::schedule::{DEFAULT_OFFSET_SECONDS, duration_seconds};

/// The longest range, in seconds. Log Service takes 24 hours; rules about firsts need a longer past to compare with.
pub(super) const RANGE_SECONDS_MAX: i64 = 90 * 86_400;

/// How a range is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanType {
    /// From the instant.
    Relative,
    /// From the beginning of its minute, hour or day.
    Truncated,
    /// As `Relative`, or between two given times.
    Custom,
}

/// From when to when a query looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRange {
    span: SpanType,
    start: Bound,
    end: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// So many seconds before.
    Before(i64),
    /// Seconds since 1970.
    At(i64),
}

impl TimeRange {
    /// The last `seconds` before the instant.
    pub fn last(seconds: i64) -> TimeRange {
        TimeRange { span: SpanType::Relative, start: Bound::Before(seconds), end: Bound::Before(0) }
    }

    /// From which second to before which second, for a run of this instant.
    pub fn at(&self, instant: Timestamp) -> (i64, i64) {
        let now = instant.0.div_euclid(1000);
        let base = match self.span {
            SpanType::Truncated => truncated(now, self.unit_seconds()),
            SpanType::Relative | SpanType::Custom => now,
        };
        let resolve = |bound: Bound| match bound {
            Bound::Before(seconds) => base - seconds,
            Bound::At(seconds) => seconds,
        };
        (resolve(self.start), resolve(self.end))
    }

    /// How long it is, in seconds.
    pub fn seconds(&self) -> i64 {
        let (start, end) = self.at(Timestamp(0));
        end - start
    }

    /// The largest unit its start is a multiple of.
    fn unit_seconds(&self) -> i64 {
        let Bound::Before(seconds) = self.start else { return 1 };
        let is_multiple = |unit: &i64| seconds != 0 && seconds % unit == 0;
        [86_400, 3600, 60].into_iter().find(is_multiple).unwrap_or(1)
    }
}

fn truncated(now: i64, unit_seconds: i64) -> i64 {
    let local = now + DEFAULT_OFFSET_SECONDS;
    local - local.rem_euclid(unit_seconds) - DEFAULT_OFFSET_SECONDS
}

pub(super) fn read(query: &Reader<'_>) -> Result<TimeRange, RuleError> {
    let span = match query.text("timeSpanType")?.unwrap_or_default().as_str() {
        "" | "Relative" => SpanType::Relative,
        "Truncated" => SpanType::Truncated,
        "Custom" => SpanType::Custom,
        _ => return Err(query.error("timeSpanType", "must be Relative, Truncated or Custom")),
    };
    let range = TimeRange { span, start: bound(query, "start")?, end: bound(query, "end")? };
    let are_alike =
        matches!((range.start, range.end), (Bound::Before(_), Bound::Before(_)) | (Bound::At(_), Bound::At(_)));
    if !are_alike {
        return Err(query.error("start", "start and end must both be relative or both be seconds since 1970"));
    }
    if range.seconds() <= 0 {
        return Err(query.error("start", "must be before end"));
    }
    if range.seconds() > RANGE_SECONDS_MAX {
        return Err(query.error("start", "the time range must not be longer than 90 days"));
    }
    Ok(range)
}

fn bound(query: &Reader<'_>, field: &str) -> Result<Bound, RuleError> {
    let text = query.text(field)?.unwrap_or_default();
    let text = text.trim();
    let before = |text: &str| duration_seconds(text).map(Bound::Before);
    let bound = match text {
        "" if field == "end" => Some(Bound::Before(0)),
        // `absolute` is how some clients write the end of a truncated range.
        "now" | "absolute" => Some(Bound::Before(0)),
        _ => match text.strip_prefix('-') {
            Some(seconds) if !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit()) => {
                seconds.parse().ok().map(Bound::Before)
            }
            Some(duration) => before(duration),
            None => text.parse().ok().filter(|seconds| *seconds > 0).map(Bound::At),
        },
    };
    bound
        .filter(|bound| !matches!(bound, Bound::Before(seconds) if *seconds > 400 * 86_400))
        .ok_or_else(|| query.error(field, "must be now, a time before it such as -15m, or seconds since 1970"))
}
