//! What is said between the bench and the Python program that holds ClickHouse: one JSON object a line each way.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Condition, Lookup};

/// What the program is asked to do.
#[derive(Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Request<'a> {
    Load { file: &'a Path },
    LoadWarmup { file: &'a Path },
    Settle,
    Optimize,
    Figures,
    Ask(&'a Question<'a>),
    SqlRows { sql: &'a str },
    Stop,
}

/// A lookup, as the program reads it.
#[derive(Serialize)]
pub(crate) struct Question<'a> {
    table: &'static str,
    account: String,
    from_ms: i64,
    through_ms: i64,
    is: Vec<(&'static str, &'a str)>,
    text: Vec<&'a str>,
    newest_first: bool,
    limit: usize,
}

impl<'a> Question<'a> {
    pub(crate) fn of(table: &'static str, lookup: &'a Lookup) -> Question<'a> {
        let mut question = Question {
            table,
            account: lookup.account.to_string(),
            from_ms: lookup.from.0,
            through_ms: lookup.through.0,
            is: Vec::new(),
            text: Vec::new(),
            newest_first: lookup.newest_first,
            limit: lookup.limit,
        };
        for condition in &lookup.conditions {
            match condition {
                Condition::Is(attribute, value) => question.is.push((attribute.as_str(), value)),
                Condition::Text(text) => question.text.push(text),
                Condition::AnyOf(_) | Condition::Category(_) => unreachable!("the bench asks for neither"),
            }
        }
        question
    }
}

/// The first line, before anything was asked.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Versions {
    pub(crate) chdb: String,
    pub(crate) clickhouse: String,
}

/// One file was inserted.
#[derive(Deserialize)]
pub(crate) struct Loaded {
    pub(crate) seconds: f64,
}

/// How it stands.
#[derive(Debug, Deserialize)]
pub(crate) struct Figures {
    /// User and system time of all its threads since it was started.
    pub(crate) cpu_seconds: f64,
    pub(crate) events: u64,
    pub(crate) parts: u64,
    /// Of the parts that count.
    pub(crate) disk_bytes: u64,
    /// Of these, the indexes that are no columns.
    pub(crate) index_bytes: u64,
}

/// One answered question.
#[derive(Debug, Deserialize)]
pub(crate) struct Found {
    /// Events on the page.
    pub(crate) found: usize,
    /// Of the query alone.
    pub(crate) seconds: f64,
}

/// The rows of a statement.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    /// Each with its values between tabs.
    pub(crate) rows: Vec<String>,
    /// Of the statement alone.
    pub(crate) seconds: f64,
}

/// Done, and nothing to say about it.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}

/// Reads a line; the program's own error becomes ours.
pub(crate) fn reply<T: DeserializeOwned>(line: &str) -> Result<T> {
    #[derive(Deserialize)]
    struct Failed {
        error: String,
    }
    if let Ok(Failed { error }) = serde_json::from_str(line) {
        bail!("ClickHouse: {error}");
    }
    serde_json::from_str(line).with_context(|| format!("ClickHouse's program said {line:?}"))
}

#[cfg(test)]
mod tests {
    use model::{Attribute, Timestamp};

    use super::*;

    #[test]
    fn replies_are_read_and_errors_are_passed_on() {
        let found: Found = reply(r#"{"found": 50, "seconds": 0.0034}"#).expect("valid");
        assert_eq!((found.found, found.seconds), (50, 0.0034));
        let figures = r#"{"cpu_seconds": 1.5, "events": 9, "parts": 2, "disk_bytes": 300, "index_bytes": 100}"#;
        let figures: Figures = reply(figures).expect("valid");
        assert_eq!((figures.cpu_seconds, figures.events, figures.parts), (1.5, 9, 2));
        reply::<Nothing>("{}").expect("valid");
        let error = reply::<Found>(r#"{"error": "Code: 62. Syntax error"}"#).expect_err("it failed");
        assert_eq!(error.to_string(), "ClickHouse: Code: 62. Syntax error");
        for wrong in ["", "{}", r#"{"found": 1}"#, "Traceback (most recent call last):"] {
            let error = reply::<Found>(wrong).expect_err(wrong);
            assert!(error.to_string().contains("said"), "{error}");
        }
    }

    #[test]
    fn a_lookup_is_asked_with_all_it_says() {
        let lookup = Lookup {
            account: "1234567890123456".parse().expect("an account"),
            from: Timestamp(1000),
            through: Timestamp(2000),
            conditions: vec![
                Condition::Is(Attribute::User, "o'neil".to_owned()),
                Condition::Text("two words".to_owned()),
            ],
            newest_first: true,
            after: None,
            limit: 50,
        };
        let asked = serde_json::to_string(&Request::Ask(&Question::of("events", &lookup))).expect("JSON");
        let expected = concat!(
            r#"{"do":"ask","table":"events","account":"1234567890123456","from_ms":1000,"through_ms":2000,"#,
            r#""is":[["User","o'neil"]],"text":["two words"],"newest_first":true,"limit":50}"#
        );
        assert_eq!(asked, expected);
        let load = serde_json::to_string(&Request::Load { file: Path::new("/a/b") }).expect("JSON");
        assert_eq!(load, r#"{"do":"load","file":"/a/b"}"#);
        assert_eq!(serde_json::to_string(&Request::Stop).expect("JSON"), r#"{"do":"stop"}"#);
    }
}
