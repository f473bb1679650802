//! Points in time as people write them: a time, a day, or how long ago.

use std::time::Duration;

use model::Timestamp;

/// A point in time of the command line, which may depend on now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// This one.
    At(Timestamp),
    /// This long before now.
    Ago(Duration),
}

impl When {
    /// The point in time.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            When::At(at) => at,
            When::Ago(ago) => now.minus(ago),
        }
    }
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(When::Ago(Duration::ZERO));
        }
        if let Some(ago) = ago(text) {
            return Ok(When::Ago(ago));
        }
        let midnight = format!("{text}T00:00:00Z");
        let parsed = Timestamp::parse(text).or_else(|_| Timestamp::parse(&midnight));
        parsed.map(When::At).map_err(|_| {
            "write 2026-01-15T08:30:00Z, 2026-01-15, now, or how long ago: 30s, 15m, 12h, 7d, 4w".to_owned()
        })
    }
}

fn ago(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_spans_are_understood() {
        let now = Timestamp::parse("2026-01-15T08:30:00Z").expect("a time");
        let resolved = |text: &str| text.parse::<When>().map(|when| when.resolve(now).to_string());
        assert_eq!(resolved("2026-01-02T03:04:05Z"), Ok("2026-01-02T03:04:05Z".into()));
        assert_eq!(resolved("2026-01-02"), Ok("2026-01-02T00:00:00Z".into()));
        assert_eq!(resolved("now"), Ok("2026-01-15T08:30:00Z".into()));
        assert_eq!(resolved("90m"), Ok("2026-01-15T07:00:00Z".into()));
        assert_eq!(resolved("7d"), Ok("2026-01-08T08:30:00Z".into()));
        for bad in ["", "d", "yesterday", "-1d", "1y", "2026-13-01", "日"] {
            assert!(resolved(bad).is_err(), "{bad:?}");
        }
    }
}
