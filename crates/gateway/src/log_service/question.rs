//! What GetLogs and GetHistograms are asked: a window, a query, a page. From the address or from a JSON body, where
//! clients write numbers and switches as numbers, as texts, or as Python does.

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use model::logstore::View;
use query::{Meter, Order, Scope, Search, Statement, Ticket};
use serde_json::Value;
use sls::{Fault, fault};

use super::Call;
use super::projects::body;

/// Rows of a page; Log Service's own limit. More are asked for without an error.
const LINES_MAX: usize = 100;
/// Characters of a query.
const QUERY_MAX: usize = 64 * 1024;
/// How long a question waits for others of its account.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a client adds to a query to ask for places that GetContextLogs takes.
const WITH_PLACES: &str = "with_pack_meta";

/// A question.
pub(super) struct Asked {
    pub(super) statement: Statement,
    pub(super) from: Timestamp,
    pub(super) before: Timestamp,
    pub(super) line: usize,
    pub(super) offset: usize,
    pub(super) order: Order,
    pub(super) with_places: bool,
    topic: Option<String>,
}

impl Asked {
    /// Of the address.
    pub(super) fn of_address(call: &Call<'_>) -> Result<Asked, Fault> {
        read(&|name| call.parameter(name).map(str::to_owned))
    }

    /// Of the body.
    pub(super) fn of_body(call: &Call<'_>) -> Result<Asked, Fault> {
        let sent: Value = body(call.request)?;
        read(&|name| match sent.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => Some(other.to_string()),
        })
    }

    /// The events it is about.
    pub(super) fn scope(&self, view: Arc<View>) -> Scope {
        Scope { view, from: self.from, before: self.before, search: self.search() }
    }

    /// The search part; another topic than that of all events selects nothing.
    pub(super) fn search(&self) -> Search {
        let is_ours = |topic: &String| query::search::holds::TOPICS.contains(&topic.as_str());
        match &self.topic {
            Some(topic) if !is_ours(topic) => Search::Not(Box::new(Search::All)),
            _ => self.statement.search.clone(),
        }
    }
}

type Lookup<'l> = dyn Fn(&str) -> Option<String> + 'l;

fn read(given: &Lookup<'_>) -> Result<Asked, Fault> {
    let (from, before) = window(given)?;
    let mut text = given("query").unwrap_or_default();
    if text.chars().count() > QUERY_MAX {
        return Err(fault::PARAMETER_INVALID.because(format!("The query has more than {QUERY_MAX} characters")));
    }
    let with_places = match text.trim_end().strip_suffix(WITH_PLACES).and_then(|rest| rest.trim_end().strip_suffix('|'))
    {
        Some(rest) => {
            text = rest.to_owned();
            true
        }
        None => false,
    };
    let statement = query::parse(&text).map_err(|error| fault::PARAMETER_INVALID.because(error.to_string()))?;
    let line = number(given, "line", LINES_MAX)?.min(LINES_MAX);
    let offset = number(given, "offset", 0)?;
    if statement.sql.is_some() && offset > 0 {
        return Err(fault::PARAMETER_INVALID.because(
            "offset is not available for pagination in sql query, please use limit x,y syntax for pagination",
        ));
    }
    let is_reverse = given("reverse").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let order = if is_reverse { Order::NewestFirst } else { Order::OldestFirst };
    Ok(Asked { statement, from, before, line, offset, order, with_places, topic: given("topic") })
}

fn number(given: &Lookup<'_>, name: &str, default: usize) -> Result<usize, Fault> {
    let Some(text) = given(name) else { return Ok(default) };
    text.parse()
        .map_err(|_| fault::PARAMETER_INVALID.because(format!("limit expression is required: {name} is {text:?}")))
}

/// `[from, to)` in seconds, with nanoseconds beside them.
fn window(given: &Lookup<'_>) -> Result<(Timestamp, Timestamp), Fault> {
    let end = |name: &str, part: &str| {
        let seconds: Option<i64> = given(name).and_then(|text| text.parse().ok()).filter(|seconds| *seconds >= 0);
        let seconds = seconds.filter(|seconds| *seconds <= Timestamp::MAX.0 / 1000);
        let bad = || fault::PARAMETER_INVALID.because(format!("The parameter {name} must be a positive integer"));
        let nanoseconds: i64 = given(part).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Timestamp(seconds.ok_or_else(bad)? * 1000 + nanoseconds.clamp(0, 999_999_999) / 1_000_000))
    };
    let (from, before): (Timestamp, Timestamp) = (end("from", "fromNs")?, end("to", "toNs")?);
    if from >= before {
        return Err(fault::PARAMETER_INVALID.because("The parameter from must be less than the parameter to"));
    }
    Ok((from, before))
}

/// A question in work. Whoever works for it stops soon after this is dropped: its client has hung up.
pub(super) struct Asking {
    meter: Arc<Meter>,
    _ticket: Ticket,
}

impl Asking {
    /// What it has cost.
    pub(super) fn meter(&self) -> Arc<Meter> {
        self.meter.clone()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.meter.cancel();
    }
}

/// A place among the account's questions, and what this one may cost.
pub(super) async fn admitted(call: &Call<'_>) -> Result<Asking, Fault> {
    let ticket = call.gateway.admission.admit(call.caller.account, PATIENCE).await;
    let ticket = ticket.map_err(|error| fault::READ_QUOTA_EXCEED.because(error.to_string()))?;
    Ok(Asking { meter: Arc::new(Meter::new(call.gateway.config.query_limits)), _ticket: ticket })
}
