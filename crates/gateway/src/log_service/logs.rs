//! GetLogs, both versions, GetContextLogs and ListTopics.
//!
//! A page of a search comes from the store, the rows of a statement from the engine. In both each value is a text, and
//! the reply says what was looked at and whether anything is missing.

use std::sync::Arc;

use catalog::HISTORY_LOGSTORE;
use model::logstore::View;
use model::{Seq, Timestamp};
use query::search::holds::{SOURCE, TOPICS};
use query::{Cut, Meter, Order, Scope, Search};
use serde_json::{Map, Value, json};
use sls::{Compression, Cursor, Fault, fault};
use store::{Owned, Position};

use super::pull::KEY;
use super::question::{Asked, Asking, admitted};
use super::reply::Reply;
use super::shards::{failed_wire, unmade};
use super::{Call, statement};
use crate::search;

/// The context's source: one for all, because the journal is one.
const PACK: &str = "CA12A111-1";
/// Events on either side of one; Log Service's own limit.
const CONTEXT_MAX: usize = 100;

/// Rows and what is said about them.
pub(super) struct Found {
    pub(super) rows: Vec<Value>,
    /// Names of a statement's columns, in order.
    pub(super) keys: Vec<String>,
    pub(super) column_types: Vec<String>,
    /// Why there may be more.
    pub(super) cut: Option<Cut>,
}

/// GetLogs as most clients know it: an array, and everything else in headers.
pub(super) async fn first_version(call: &Call<'_>) -> Result<Reply, Fault> {
    let asked = Asked::of_address(call)?;
    let (found, asking) = answered(call, &asked).await?;
    let meta = meta(&asked, &found, &asking.meter());
    let of = |name: &str| meta[name].to_string();
    let reply = Reply::json(&Value::Array(found.rows))
        .header("x-log-progress", meta["progress"].as_str().unwrap_or_default())
        .header("x-log-count", of("count"))
        .header("x-log-processed-rows", of("processedRows"))
        .header("x-log-elapsed-millisecond", of("elapsedMillisecond"))
        .header("x-log-has-sql", of("hasSQL"))
        .header("x-log-cpu-sec", of("cpuSec"))
        .header("x-log-cpu-cores", of("cpuCores"))
        .header("x-log-query-info", ascii(&query_info(&meta).to_string()));
    let reply = match &asked.statement.sql {
        Some(sql) => reply
            .header("x-log-where-query", ascii(&asked.statement.search.to_string()))
            .header("x-log-agg-query", ascii(&sql.text)),
        None => reply,
    };
    compressed(call, reply)
}

/// GetLogsV2: the array and everything else in one object.
pub(super) async fn second_version(call: &Call<'_>) -> Result<Reply, Fault> {
    let asked = Asked::of_body(call)?;
    let (found, asking) = answered(call, &asked).await?;
    let meta = meta(&asked, &found, &asking.meter());
    compressed(call, Reply::json(&json!({ "meta": meta, "data": found.rows })))
}

fn compressed(call: &Call<'_>, reply: Reply) -> Result<Reply, Fault> {
    match Compression::accepted(call.request.header("accept-encoding").unwrap_or_default()) {
        // Some clients decompress as soon as a size is there.
        Compression::None => Ok(reply),
        compression => reply.compressed(compression).map_err(|error| unmade(&error)),
    }
}

async fn answered(call: &Call<'_>, asked: &Asked) -> Result<(Found, Asking), Fault> {
    let view = Arc::new(call.view().await?);
    let asking = admitted(call).await?;
    let found = match &asked.statement.sql {
        Some(sql) => statement::answered(call, asked, sql, view, asking.meter()).await?,
        None => page(call, asked, view, asking.meter()).await?,
    };
    Ok((found, asking))
}

async fn page(call: &Call<'_>, asked: &Asked, view: Arc<View>, meter: Arc<Meter>) -> Result<Found, Fault> {
    let (scope, order, offset, line) = (asked.scope(view), asked.order, asked.offset, asked.line);
    let read = search::blocking(call.gateway, move |store| store.search(&scope, order, None, offset, line, &meter));
    let page = read.await.map_err(|error| failed_wire(&error))?;
    let shape = Shape::of(call);
    let rows = page.events.iter().map(|owned| row(owned, shape, asked.with_places)).collect();
    Ok(Found { rows, keys: Vec::new(), column_types: Vec::new(), cut: page.cut })
}

/// How an event becomes a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One field, the event.
    Event,
    /// A field each, as Log Service has the history of alerts.
    History,
}

impl Shape {
    fn of(call: &Call<'_>) -> Shape {
        if call.route.logstore.as_deref() == Some(HISTORY_LOGSTORE) { Shape::History } else { Shape::Event }
    }
}

/// The fields of an evaluation: they begin with a capital, which no field of an event's frame does.
fn evaluation(raw: &[u8]) -> Map<String, Value> {
    let event: Map<String, Value> = serde_json::from_slice(raw).unwrap_or_default();
    let own = event.into_iter().filter(|(name, _)| name.starts_with(|first: char| first.is_ascii_uppercase()));
    own.map(|(name, value)| match value {
        text @ Value::String(_) => (name, text),
        other => (name, other.to_string().into()),
    })
    .collect()
}

/// An event as a row.
fn row(owned: &Owned, shape: Shape, with_places: bool) -> Value {
    let event = &owned.found.event;
    let mut row = match shape {
        Shape::Event => Map::from_iter([(KEY.to_owned(), String::from_utf8_lossy(event.raw()).into())]),
        Shape::History => evaluation(event.raw()),
    };
    row.insert("__time__".into(), event.time().0.div_euclid(1000).to_string().into());
    row.insert("__topic__".into(), TOPICS[0].into());
    row.insert("__source__".into(), SOURCE.into());
    if with_places {
        row.insert("__tag__:__pack_id__".into(), PACK.into());
        row.insert("__pack_meta__".into(), place(owned.found.position()).into());
    }
    Value::Object(row)
}

/// A place as GetContextLogs takes it: `0|<cursor>|1|<milliseconds>`.
fn place(at: Position) -> String {
    format!("0|{}|1|{}", Cursor(at.seq), at.time.0)
}

fn place_from(text: &str) -> Option<Position> {
    let mut parts = text.split('|');
    let (_, cursor, _, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(Position { time: Timestamp(time.parse().ok()?), seq: cursor.parse::<Cursor>().ok()?.0 })
}

/// Whether to ask again: not when there are only more rows than an answer may have.
pub(super) fn progress(cut: Option<Cut>) -> &'static str {
    match cut {
        None | Some(Cut::Rows(_)) => "Complete",
        Some(Cut::Time(_) | Cut::ScannedBytes(_) | Cut::Cancelled) => "Incomplete",
    }
}

fn meta(asked: &Asked, found: &Found, meter: &Meter) -> Value {
    let statement = &asked.statement;
    let count = found.rows.len();
    json!({
        "progress": progress(found.cut),
        "count": count,
        "hasSQL": statement.sql.is_some(),
        "whereQuery": statement.search.to_string(),
        "aggQuery": statement.sql.as_ref().map_or("", |sql| sql.text.as_str()),
        "processedRows": meter.rows(),
        "processedBytes": meter.bytes(),
        "scanBytes": meter.bytes(),
        "elapsedMillisecond": u64::try_from(meter.elapsed().as_millis()).unwrap_or(u64::MAX),
        "cpuSec": 0.0,
        "cpuCores": 1,
        "limited": if let Some(Cut::Rows(rows)) = found.cut { rows } else { 0 },
        "isAccurate": found.cut.is_none(),
        "keys": found.keys,
        "columnTypes": found.column_types,
        "terms": [],
        "highlights": [],
        "marker": "",
        "mode": 0,
        "shard": 0,
        "telementryType": "",
        "powerSql": false,
        "insertedSQL": "",
        "phraseQueryInfo": { "scanAll": true, "beginOffset": 0, "endOffset": 0, "endTime": asked.before.0.div_euclid(1000) },
    })
}

fn query_info(meta: &Value) -> Value {
    let kept = ["keys", "terms", "limited", "marker", "mode", "scanBytes", "isAccurate", "columnTypes"];
    kept.into_iter().map(|name| (name.to_owned(), meta[name].clone())).collect::<Map<_, _>>().into()
}

/// A header's value: what is not ASCII is written as JSON escapes it.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => ascii.push(character),
            other => {
                let mut units = [0; 2];
                ascii.extend(other.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    ascii
}

/// GetContextLogs: what happened just before and after, whatever a search would select.
pub(super) async fn context(call: &Call<'_>) -> Result<Reply, Fault> {
    let bad = |name: &str| fault::PARAMETER_INVALID.because(format!("The parameter {name} is missing or invalid"));
    let at = call.parameter("pack_meta").and_then(place_from).ok_or_else(|| bad("pack_meta"))?;
    let lines = |name: &str| match call.parameter(name).unwrap_or("0").parse::<usize>() {
        Ok(lines) => Ok(lines.min(CONTEXT_MAX)),
        Err(_) => Err(bad(name)),
    };
    let (back, forward) = (lines("back_lines")?, lines("forward_lines")?);
    let view = Arc::new(call.view().await?);
    let asking = admitted(call).await?;
    let meter = asking.meter();
    let scope = Scope { view, from: Timestamp(i64::MIN), before: Timestamp(i64::MAX), search: Search::All };
    let read = search::blocking(call.gateway, move |store| {
        let before = store.search(&scope, Order::NewestFirst, Some(at), 0, back, &meter)?;
        // The event itself comes first behind the place right before it.
        let own = Position { time: at.time, seq: Seq(at.seq.0.saturating_sub(1)) };
        let after = store.search(&scope, Order::OldestFirst, Some(own), 0, forward + 1, &meter)?;
        Ok((before, after))
    });
    let (before, after) = read.await.map_err(|error| failed_wire(&error))?;
    let cut = before.cut.or(after.cut);
    let (back, forward) = (before.events.len(), after.events.len().saturating_sub(1));
    let first = -i64::try_from(back).unwrap_or(0);
    let shape = Shape::of(call);
    let logs = before.events.iter().rev().chain(&after.events).zip(first..).map(|(owned, number)| {
        let mut row = row(owned, shape, true);
        row["__index_number__"] = number.to_string().into();
        row
    });
    let logs: Vec<Value> = logs.collect();
    Ok(Reply::json(&json!({
        "progress": progress(cut),
        "total_lines": logs.len(),
        "back_lines": back,
        "forward_lines": forward,
        "logs": logs,
    })))
}

/// ListTopics: every event has the same.
pub(super) async fn topics(call: &Call<'_>) -> Result<Reply, Fault> {
    call.logstore().await?;
    let after = call.parameter("token").unwrap_or_default();
    let topics: Vec<&str> = TOPICS[..1].iter().copied().filter(|topic| *topic >= after).collect();
    Ok(Reply::json(&json!(topics)).header("x-log-count", topics.len()).header("x-log-nexttoken", ""))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn only_what_may_end_otherwise_is_worth_asking_again() {
        assert_eq!((progress(None), progress(Some(Cut::Rows(1)))), ("Complete", "Complete"));
        let (time, bytes) = (Cut::Time(std::time::Duration::ZERO), Cut::ScannedBytes(1));
        assert_eq!((progress(Some(time)), progress(Some(bytes))), ("Incomplete", "Incomplete"));
    }

    #[test]
    fn an_evaluation_is_flat_and_all_text() {
        let raw =
            br#"{"eventId":"1","eventName":"EvaluateAlertRule","AlertID":"a","FireCount":3,"Labels":{"user":"x"}}"#;
        assert_eq!(
            Value::Object(evaluation(raw)),
            json!({ "AlertID": "a", "FireCount": "3", "Labels": "{\"user\":\"x\"}" })
        );
    }

    #[test]
    fn a_place_comes_back_and_a_header_is_ascii() {
        let at = Position { time: Timestamp(1_700_000_000_123), seq: Seq(42) };
        assert_eq!(place_from(&place(at)), Some(at));
        assert_eq!(place(at), format!("0|{}|1|1700000000123", STANDARD.encode("42")));
        for text in ["", "0|x|1|1", "0|NDI=|1", "0|NDI=|1|soon"] {
            assert_eq!(place_from(text), None, "{text}");
        }
        assert_eq!(ascii("a\nü😓"), "a\\u000a\\u00fc\\ud83d\\ude13");
    }
}
