//! Points in time, in milliseconds, and their RFC 3339 text.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Shown as `YYYY-MM-DDThh:mm:ssZ`, the precision of ActionTrail's API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// The text is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a time; use YYYY-MM-DDThh:mm:ssZ (UTC)")]
pub struct InvalidTimestamp {
    /// What was given, cut to 64 characters.
    pub value: String,
}

impl Timestamp {
    /// The earliest and latest points that can be written with a four-digit year.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000);
    /// See [`Timestamp::MIN`].
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// Parses RFC 3339 with any fraction and offset. The usual `YYYY-MM-DDThh:mm:ssZ` takes a fast path. Years outside
    /// 1 to 9999 cannot be written again in four digits and are refused.
    pub fn parse(text: &str) -> Result<Timestamp, InvalidTimestamp> {
        if let Some(seconds) = parse_plain_utc(text.as_bytes()) {
            return Ok(Timestamp(seconds * 1000));
        }
        let parsed = text.parse::<jiff::Timestamp>().ok().map(|parsed| Timestamp(parsed.as_millisecond()));
        let in_range = parsed.filter(|parsed| (Timestamp::MIN..=Timestamp::MAX).contains(parsed));
        in_range.ok_or_else(|| InvalidTimestamp { value: text.chars().take(64).collect() })
    }

    /// Time from `earlier` to `self`, zero when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This point moved forward.
    pub fn plus(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This point moved back.
    pub fn minus(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Calendar fields in UTC: year, month, day, hour, minute, second.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let seconds = self.0.div_euclid(1000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400) as u32;
        (year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}+{}ms", self.0.rem_euclid(1000))
    }
}

/// `YYYY-MM-DDThh:mm:ssZ` to seconds; `None` for anything else (the full parser then decides).
fn parse_plain_utc(text: &[u8]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = text else {
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    let plausible = (1..=12).contains(&month) && (1..=28).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if year == 0 || !plausible {
        // Days 29 to 31 depend on the month and second 60 on the leap table: rare enough for the full parser.
        return None;
    }
    Some(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

// The two conversions below count in 400-year eras that start on 1 March, so that the leap day is an era's last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_path_agrees_with_the_calendar() {
        for day in (-700_000..2_900_000).step_by(97) {
            let at = Timestamp(day * 86_400_000 + 45_296_000);
            let slow: jiff::Timestamp = jiff::Timestamp::from_millisecond(at.0).expect("in range");
            assert_eq!(at.to_string(), slow.to_string());
            assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
        }
    }

    #[test]
    fn takes_fractions_and_offsets_and_names_what_it_refuses() {
        assert_eq!(Timestamp::parse("2026-01-15T08:30:00.250Z"), Ok(Timestamp(1_768_465_800_250)));
        assert_eq!(Timestamp::parse("2026-01-15T16:30:00+08:00"), Ok(Timestamp(1_768_465_800_000)));
        assert_eq!(
            Timestamp::parse("2024-02-29T00:00:00Z").map(|at| at.to_string()),
            Ok("2024-02-29T00:00:00Z".into())
        );
        for bad in
            ["0000-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "-000044-03-15T12:00:00Z", "10000-01-01T00:00:00Z"]
        {
            assert!(Timestamp::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "yesterday", "2026-02-30T00:00:00Z", "2026-01-15", "2026-01-15T25:00:00Z", "1768465800"] {
            assert!(Timestamp::parse(bad).is_err(), "{bad:?}");
        }
    }
}
