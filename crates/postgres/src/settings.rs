//! Settings of a session. Drivers set and ask for many; only `statement_timeout` has an effect here.

use std::collections::BTreeMap;
use std::time::Duration;

use pgwire::error::PgWireResult;

use crate::errors::{self, failed};

/// The one setting that has an effect.
const STATEMENT_TIMEOUT: &str = "statement_timeout";

/// What is shown before anything is set.
const DEFAULTS: [(&str, &str); 17] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("search_path", "public"),
    ("server_encoding", "UTF8"),
    ("server_version", SERVER_VERSION),
    ("server_version_num", "160006"),
    ("standard_conforming_strings", "on"),
    ("timezone", "Etc/UTC"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
];

/// The PostgreSQL whose catalogs are shown.
pub(crate) const SERVER_VERSION: &str = "16.6";

/// The settings of a session.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    values: BTreeMap<String, String>,
    timeout: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        let values = DEFAULTS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings { values, timeout: None }
    }
}

impl Settings {
    /// Sets one; `None` puts its default back.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> PgWireResult<()> {
        let name = name.to_lowercase();
        if name == STATEMENT_TIMEOUT {
            self.timeout = value.map(timeout).transpose()?.filter(|timeout| !timeout.is_zero());
        }
        let default = DEFAULTS.iter().find(|(each, _)| *each == name).map(|(_, value)| *value);
        match value.or(default) {
            Some(value) => self.values.insert(name, value.to_owned()),
            None => self.values.remove(&name),
        };
        Ok(())
    }

    /// The value of one.
    pub(crate) fn get(&self, name: &str) -> PgWireResult<String> {
        let name = name.to_lowercase();
        if name == STATEMENT_TIMEOUT && !self.values.contains_key(&name) {
            return Ok("0".to_owned());
        }
        let value = self.values.get(&name).cloned();
        value.ok_or_else(|| failed(errors::UNKNOWN_SETTING, format!("unrecognized configuration parameter \"{name}\"")))
    }

    /// All of them by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How long a statement may take, when the session says so.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

/// `5000`, `5s`, `1min`, `250ms`: a number without a unit is milliseconds.
fn timeout(text: &str) -> PgWireResult<Duration> {
    let invalid =
        || failed(errors::INVALID_VALUE, format!("invalid value for parameter \"{STATEMENT_TIMEOUT}\": \"{text}\""));
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| invalid())?;
    let unit = match text[digits..].trim() {
        "" | "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err(invalid()),
    };
    Ok(Duration::from_millis(number.checked_mul(unit).ok_or_else(invalid)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_timeout_has_an_effect_and_what_was_set_is_shown() {
        let mut settings = Settings::default();
        assert_eq!(settings.get("Statement_Timeout").unwrap(), "0");
        for (text, millis) in [("250", 250), ("250ms", 250), ("5s", 5000), ("1 min", 60_000)] {
            settings.set("statement_timeout", Some(text)).unwrap();
            assert_eq!(settings.timeout(), Some(Duration::from_millis(millis)));
        }
        assert!(settings.set("statement_timeout", Some("soon")).is_err());
        settings.set("statement_timeout", Some("0")).unwrap();
        assert_eq!(settings.timeout(), None);
        settings.set("my.own", Some("x")).unwrap();
        assert_eq!(settings.get("my.own").unwrap(), "x");
        settings.set("my.own", None).unwrap();
        assert!(settings.get("my.own").is_err());
        settings.set("search_path", Some("a")).unwrap();
        settings.set("search_path", None).unwrap();
        assert_eq!(settings.get("search_path").unwrap(), "public");
    }
}
