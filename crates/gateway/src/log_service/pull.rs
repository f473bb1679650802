//! PullLogs: what the Logstore shows after a cursor, in the order of acceptance, as protobuf.
//!
//! A reply says where to go on, also when it has nothing: then the cursor has moved over events that the Logstore does
//! not show, or stays where the journal ends. Values are slices of what the store holds.

use model::Seq;
use model::logstore::View;
use prost::Message;
use sls::{Compression, Content, Cursor, Fault, Log, LogGroup, LogGroupList, fault};
use store::{Owned, Store, StoreError};

use super::Call;
use super::reply::Reply;
use super::shards::{check, failed_wire, read, unmade};
use crate::search;

/// The topic of every event.
pub(super) const TOPIC: &str = query::search::holds::TOPICS[0];
/// Where every event comes from.
pub(super) const SOURCE: &str = query::search::holds::SOURCE;
/// The only key of a log beside those of Log Service.
pub(super) const KEY: &str = "event";
/// Bytes of events in one reply. Consumers hold a few of these at once.
const BYTES_MAX: usize = 4 << 20;
/// Groups of one reply; Log Service's own limit.
const GROUPS_MAX: usize = 1000;
/// Logs of one group: enough that a group's own bytes do not matter.
const GROUP_LOGS: usize = 64;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Fault> {
    check(call)?;
    let view = call.view().await?;
    let missing = || fault::PARAMETER_INVALID.because("The parameter cursor is missing");
    let after = read(call, "cursor")?.ok_or_else(missing)?;
    let head = call.gateway.writer.head();
    let through = read(call, "end_cursor")?.map_or(head, |end| end.min(head));
    let groups_max = groups_max(call)?;
    for name in ["query", "processor"] {
        if call.parameter(name).is_some() {
            let message = format!("The parameter {name} is not supported: pull everything, or search with GetLogs");
            return Err(fault::NOT_SUPPORTED.because(message));
        }
    }
    let compression = Compression::accepted(call.request.header("accept-encoding").unwrap_or_default());
    // A cursor beyond the head is one of another node, or of a journal that was restored: there is nothing yet.
    let reply = search::blocking(call.gateway, move |store| {
        let (groups, next) = pulled(store, &view, after, through, groups_max)?;
        let count = groups.len();
        let body = LogGroupList { groups }.encode_to_vec();
        let reply = Reply::protobuf(body).header("x-log-count", count).header("x-log-cursor", Cursor(next));
        Ok(reply.compressed(compression))
    });
    let reply = reply.await.map_err(|error| failed_wire(&error))?;
    reply.map_err(|error| unmade(&error))
}

fn groups_max(call: &Call<'_>) -> Result<usize, Fault> {
    let Some(text) = call.parameter("count") else { return Ok(GROUPS_MAX) };
    let count = text.parse().ok().filter(|count| (1..=GROUPS_MAX).contains(count));
    count.ok_or_else(|| fault::PARAMETER_INVALID.because(format!("The parameter count must be 1 to {GROUPS_MAX}")))
}

/// The groups after a number, and where to go on.
fn pulled(
    store: &Store,
    view: &View,
    after: Seq,
    through: Seq,
    groups_max: usize,
) -> Result<(Vec<LogGroup>, Seq), StoreError> {
    if through <= after {
        return Ok((Vec::new(), after));
    }
    let stretch = store.read_view_after(view, after, through, BYTES_MAX)?;
    let mut shown: Vec<Owned> = stretch.events;
    let wanted = groups_max.saturating_mul(GROUP_LOGS);
    let next = match shown.get(wanted.saturating_sub(1)) {
        Some(last) if shown.len() > wanted => last.found.seq,
        _ => stretch.through,
    };
    shown.truncate(wanted);
    Ok((shown.chunks(GROUP_LOGS).map(group).collect(), next))
}

fn group(events: &[Owned]) -> LogGroup {
    let log = |owned: &Owned| {
        let event = &owned.found.event;
        let time = event.time().0;
        Log {
            time: u32::try_from(time.div_euclid(1000)).unwrap_or(0),
            contents: vec![Content { key: KEY.to_owned(), value: event.raw().clone() }],
            time_ns: u32::try_from(time.rem_euclid(1000) * 1_000_000).ok(),
        }
    };
    LogGroup {
        logs: events.iter().map(log).collect(),
        topic: Some(TOPIC.to_owned()),
        source: Some(SOURCE.to_owned()),
        log_tags: Vec::new(),
    }
}
