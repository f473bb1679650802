//! Tails: an account's events in the order they were accepted, from a place on, waiting for what comes.

use std::sync::Arc;
use std::time::Duration;

use api::{Given, Success, WireError, codes};
use identity::Caller;
use model::Seq;
use serde_json::Value;
use store::{Condition, Found, Stretch};

use super::reply_fields;
use crate::gateway::Gateway;
use crate::lookup_token;
use crate::request::Request;
use crate::search::{self, REPLY_BYTES_MAX};

/// Bytes a tail looks through in one call before it answers with where it got to.
const LOOKED_THROUGH_MAX: usize = 8 * REPLY_BYTES_MAX;

/// Where a tail goes on.
pub(super) struct Tail {
    /// Nothing means the journal's head, when the tail starts.
    pub(super) after: Option<Seq>,
    pub(super) wait: Duration,
    pub(super) limit: usize,
    pub(super) conditions: Arc<Vec<Condition>>,
}

/// What makes two polls the same tail: the caller, its address and what it asks for, but not where it has got to.
pub(super) fn key(request: &Request, caller: &Caller) -> String {
    let asked = request.given.pairs().filter(|(name, _)| !["after", "wait"].contains(name));
    let asked = lookup_token::digest("tail", asked);
    let key = caller.access_key_id.as_deref().unwrap_or_default();
    format!("{} {key} {:?} {asked}", caller.account, request.source)
}

/// Refuses the parameters of a lookup.
pub(super) fn refuse_window(given: &Given) -> Result<(), WireError> {
    let lookups_own = ["start", "end", "direction", "next"];
    match given.pairs().find(|(name, value)| lookups_own.contains(name) && !value.is_empty()) {
        Some((name, _)) => {
            let message = format!("{name} does not go with after: a tail has no window and one direction.");
            Err(codes::INVALID_PARAMETER_COMBINATION.because(message))
        }
        None => Ok(()),
    }
}

/// Answers with what is new, waiting for it when there is nothing.
pub(super) async fn follow(gateway: &Gateway, caller: &Caller, tail: Tail) -> Result<Success, WireError> {
    let deadline = tokio::time::Instant::now() + tail.wait;
    let reply = |events: &[Found], after: Seq| {
        Ok(Success::from_text(reply_fields(events, Some(("After", Value::from(after.0))))))
    };
    let mut committed = gateway.writer.committed();
    let mut after = tail.after.unwrap_or_else(|| gateway.writer.head());
    let mut looked_through = 0;
    loop {
        let head = *committed.borrow_and_update();
        let (events, through, bytes) = read_matching(gateway, caller, after, head, &tail).await?;
        looked_through += bytes;
        after = through;
        if !events.is_empty() || looked_through >= LOOKED_THROUGH_MAX {
            return reply(&events, after);
        }
        if after < head {
            continue;
        }
        tokio::select! {
            moved = committed.changed() => if moved.is_ok() { continue },
            () = tokio::time::sleep_until(deadline) => {}
            () = gateway.shutdown.begun() => {}
        }
        return reply(&[], after);
    }
}

/// The next stretch of the account's events that match, where it ends, and how many bytes were looked through.
async fn read_matching(
    gateway: &Gateway,
    caller: &Caller,
    after: Seq,
    head: Seq,
    tail: &Tail,
) -> Result<(Vec<Found>, Seq, usize), WireError> {
    if head <= after {
        return Ok((Vec::new(), after, 0));
    }
    let (account, conditions, limit) = (caller.account, tail.conditions.clone(), tail.limit);
    search::blocking(gateway, move |store| {
        let Stretch { events, mut through } = store.read_after(account, after, head, REPLY_BYTES_MAX)?;
        let bytes = events.iter().map(|found| found.event.raw().len()).sum();
        let mut matching: Vec<Found> = Vec::new();
        for found in events {
            if !conditions.iter().all(|condition| condition.holds(&found.event)) {
                continue;
            }
            if matching.len() == limit {
                through = matching.last().map_or(after, |last| last.seq);
                break;
            }
            matching.push(found);
        }
        Ok((matching, through, bytes))
    })
    .await
}
