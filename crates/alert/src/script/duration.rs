//! Lengths of time as policies write them: `15s`, `5m`, `2h`, `1d`, `4h0m0s`.

use std::time::Duration;

/// The longest wait a policy may name. Incidents are kept for as long after their end.
pub const DURATION_MAX: Duration = Duration::from_secs(30 * 86_400);

/// Reads a length of time; the error says what is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write 15s, 5m, 2h, 1d or 4h0m0s");
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        total = count.checked_mul(seconds).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    let length = Duration::from_secs(total);
    if length > DURATION_MAX {
        return Err(format!("{text:?} is longer than 30 days"));
    }
    Ok(length)
}
