//! The one shard of a Logstore, and places in it.
//!
//! A place is a number of the journal. A number says nothing about whose event it is; what is read from there on is what
//! the Logstore shows.

use model::{Seq, Timestamp};
use serde_json::json;
use sls::{Cursor, Fault, fault};

use super::reply::Reply;
use super::{Call, failed};
use crate::search;

/// The only shard.
pub(super) const SHARD: u32 = 0;

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let (_, logstore) = call.logstore().await?;
    Ok(Reply::json(&json!([{
        "shardID": SHARD,
        "status": "readwrite",
        "inclusiveBeginKey": "0".repeat(32),
        "exclusiveEndKey": "f".repeat(32),
        "createTime": logstore.created.0.div_euclid(1000),
    }])))
}

pub(super) async fn refuse_change(call: &Call<'_>) -> Result<Reply, Fault> {
    call.logstore().await?;
    Err(fault::PARAMETER_INVALID.because("The shard of this logstore cannot be split, merged or deleted"))
}

/// Refuses any shard but the one there is.
pub(super) fn check(call: &Call<'_>) -> Result<(), Fault> {
    let name = call.route.name.as_deref().unwrap_or_default();
    if name.parse() == Ok(SHARD) { Ok(()) } else { Err(missing(name)) }
}

pub(super) fn missing(name: &str) -> Fault {
    fault::SHARD_NOT_EXIST.because(format!("shard {name} does not exist"))
}

/// A cursor parameter.
pub(super) fn read(call: &Call<'_>, name: &str) -> Result<Option<Seq>, Fault> {
    let Some(text) = call.parameter(name) else { return Ok(None) };
    let cursor: Cursor =
        text.parse().map_err(|error: sls::CursorError| fault::PARAMETER_INVALID.because(error.to_string()))?;
    Ok(Some(cursor.0))
}

/// GetCursor: where the shard begins, ends, or was at a time of receipt.
pub(super) async fn cursor(call: &Call<'_>) -> Result<Reply, Fault> {
    check(call)?;
    let view = call.view().await?;
    let begin = view.parts().iter().map(|part| part.after).min().unwrap_or(Seq::ZERO);
    let head = call.gateway.writer.head();
    let at = match call.parameter("from") {
        Some("begin") => begin.min(head),
        Some("end") => head,
        Some(text) => {
            let seconds: i64 = text.parse().map_err(|_| {
                fault::PARAMETER_INVALID.because("The parameter from must be a positive integer, begin or end")
            })?;
            let time = Timestamp(seconds.saturating_mul(1000));
            let found = search::blocking(call.gateway, move |store| Ok(store.seq_received_at(time)));
            let first = found.await.map_err(|error| failed_wire(&error))?;
            Seq(first.0.saturating_sub(1)).max(begin).min(head)
        }
        None => {
            return Err(fault::PARAMETER_INVALID.because("The parameter from must be a positive integer, begin or end"));
        }
    };
    Ok(Reply::json(&json!({ "cursor": Cursor(at).to_string() })))
}

/// GetCursorTime: when what comes next was received; at the end, now.
pub(super) async fn cursor_time(call: &Call<'_>) -> Result<Reply, Fault> {
    check(call)?;
    let view = call.view().await?;
    let missing = || fault::PARAMETER_INVALID.because("The parameter cursor is missing");
    let after = read(call, "cursor")?.ok_or_else(missing)?;
    let (head, now) = (call.gateway.writer.head(), call.request.received);
    let next = search::blocking(call.gateway, move |store| store.read_view_after(&view, after, head, 1));
    let next = next.await.map_err(|error| failed_wire(&error))?;
    let at = next.events.first().map_or(now, |owned| owned.found.received);
    Ok(Reply::json(&json!({ "cursor_time": at.0.div_euclid(1000) })))
}

/// A failed read, which was logged where it failed.
pub(super) fn failed_wire(error: &api::WireError) -> Fault {
    match error.status {
        503 => fault::SERVER_BUSY.because(error.message.clone()),
        _ => fault::INTERNAL_SERVER_ERROR.because(error.message.clone()),
    }
}

/// A reply that could not be made ready.
pub(super) fn unmade(error: &sls::CompressionError) -> Fault {
    failed(error, model::ErrorKind::Bug)
}
