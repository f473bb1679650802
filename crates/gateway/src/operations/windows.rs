//! Windows of time, days and pages, as the operations that count and list take them.

use std::time::Duration;

use api::{Arguments, WireError, codes};
use model::Timestamp;

use super::Call;
use crate::lookup_token::{self, Window};
use crate::offset_token::{self, Offset};
use crate::search;

/// A day.
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// Days of a question by day when none are given, and at most.
const DAYS_DEFAULT: u32 = 30;
const DAYS_MAX: i64 = 400;

/// StartTime and EndTime: both or neither, the end after the start, and the start within the history.
pub(super) fn given_or(
    arguments: &Arguments,
    now: Timestamp,
    history_start: Timestamp,
    default: Duration,
) -> Result<Window, WireError> {
    let (from, through) = match (arguments.time("StartTime"), arguments.time("EndTime")) {
        (None, None) => (now.minus(default).max(history_start), now),
        (Some(start), Some(end)) if end <= start => {
            let message = format!("EndTime {end} is not after StartTime {start}.");
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
        (Some(start), Some(end)) => (start, end),
        (Some(_), None) | (None, Some(_)) => {
            let message = format!(
                "StartTime and EndTime go together: give both, or neither for the last {} hours.",
                default.as_secs() / 3600
            );
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
    };
    search::check_start(from, history_start)?;
    Ok(Window { from, through: search::window_end(through) })
}

/// The window of a call.
pub(super) fn window(call: &Call<'_>, default: Duration) -> Result<Window, WireError> {
    let now = call.request.received;
    given_or(&call.arguments, now, search::history_start(call.gateway, now), default)
}

/// The window of one day, written YYYY-MM-DD.
pub(super) fn day(text: &str) -> Option<Window> {
    let from = Timestamp::parse(&format!("{text}T00:00:00Z")).ok()?;
    Some(Window { from, through: Timestamp(from.plus(DAY).0 - 1) })
}

/// The days from StartDate to EndDate, both included, as their windows.
pub(super) fn days(arguments: &Arguments, now: Timestamp) -> Result<Vec<Window>, WireError> {
    let last = match arguments.text("EndDate").and_then(day) {
        Some(day) => day,
        None => day(&date(now)).expect("a date of ours is a date"),
    };
    let first = match arguments.text("StartDate").and_then(day) {
        Some(day) => day,
        None => day(&date(last.from.minus(DAY * (DAYS_DEFAULT - 1)))).expect("a date of ours is a date"),
    };
    let count = (last.from.0 - first.from.0) / DAY.as_millis() as i64 + 1;
    if count < 1 {
        return Err(codes::INVALID_PARAMETER_COMBINATION.because("EndDate lies before StartDate."));
    }
    if count > DAYS_MAX {
        let message = format!("StartDate and EndDate are {count} days apart; at most {DAYS_MAX} are counted.");
        return Err(codes::INVALID_QUERY_PARAMETER.because(message));
    }
    let start = |number: i64| Timestamp(first.from.0 + number * DAY.as_millis() as i64);
    Ok((0..count).map(|number| Window { from: start(number), through: Timestamp(start(number + 1).0 - 1) }).collect())
}

/// A day's date.
pub(super) fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// A whole number that the table gave a default.
pub(super) fn count(call: &Call<'_>, name: &str) -> usize {
    call.arguments.integer(name).and_then(|number| usize::try_from(number).ok()).unwrap_or(1)
}

/// The digest of a call's parameters that stay the same between pages.
pub(super) fn unchanging(call: &Call<'_>) -> String {
    let is_own = |name: &str| {
        let list = name.split('.').next().unwrap_or(name);
        name != "NextToken" && call.row.param(list).is_some()
    };
    lookup_token::digest(call.row.name, call.request.given.pairs().filter(|(name, _)| is_own(name)))
}

/// Where the page starts that NextToken asks for; nothing for the first.
pub(super) fn continued(call: &Call<'_>) -> Result<Option<Offset>, WireError> {
    let Some(token) = call.arguments.text("NextToken") else { return Ok(None) };
    let offset = offset_token::decode(token, call.account, &unchanging(call));
    offset.map(Some).map_err(|fault| codes::INVALID_QUERY_PARAMETER.because(fault.to_string()))
}

/// One page of a whole list, and the token of the next.
pub(super) fn page<T>(
    call: &Call<'_>,
    mut all: Vec<T>,
    size: usize,
    offset: Option<Offset>,
    window: Window,
) -> (Vec<T>, Option<String>) {
    let start = offset.map_or(0, |offset| offset.entries).min(all.len());
    let mut page = all.split_off(start);
    let has_more = page.len() > size;
    page.truncate(size);
    let next = Offset { entries: start + page.len(), window };
    let token = (has_more && size > 0).then(|| offset_token::encode(call.account, next, &unchanging(call)));
    (page, token)
}

/// For lists that no window belongs to.
pub(super) const NO_WINDOW: Window = Window { from: Timestamp(0), through: Timestamp(0) };

#[cfg(test)]
mod tests {
    use api::{Given, OperationId};

    use super::*;

    fn asked(query: &[(&str, &str)]) -> Result<Vec<Window>, String> {
        let pairs = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let row = OperationId::DescribeUserLogCount.operation();
        let arguments = Arguments::check(row.params, &Given::new(pairs), row.service.invalid_value(), None);
        let now = Timestamp::parse("2026-03-01T12:00:00Z").expect("a time");
        days(&arguments.expect("valid"), now).map_err(|error| error.code.into_owned())
    }

    #[test]
    fn days_are_whole_and_both_ends_count() {
        let default = asked(&[]).expect("days");
        assert_eq!(
            (default.len(), date(default[0].from), date(default[29].from)),
            (30, "2026-01-31".into(), "2026-03-01".into())
        );
        let two = asked(&[("StartDate", "2026-02-28"), ("EndDate", "2026-03-01")]).expect("days");
        assert_eq!(two.len(), 2);
        assert_eq!(two[0].through.0 + 1, two[1].from.0);
        assert_eq!(asked(&[("StartDate", "2026-03-02")]), Err("InvalidParameterCombination".into()));
        assert_eq!(asked(&[("StartDate", "2020-03-02")]), Err("InvalidQueryParameter".into()));
    }
}
