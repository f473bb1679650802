//! Consumer groups: who reads a Logstore together, and how far they have read.

use std::time::Duration;

use catalog::{Checkpoint, ConsumerGroup, LogstoreName};
use serde::Deserialize;
use serde_json::{Value, json};
use sls::{Cursor, Fault, fault};

use super::projects::body;
use super::reply::Reply;
use super::shards::{self, SHARD};
use super::{Call, ours, told};

/// Groups of a Logstore; Log Service's own limit.
const GROUPS_MAX: usize = 30;
/// Bytes of a group's or a consumer's name.
const NAME_BYTES_MAX: usize = 128;

#[derive(Deserialize)]
struct Wish {
    #[serde(rename = "consumerGroup")]
    name: Option<String>,
    timeout: Option<u32>,
    order: Option<bool>,
}

fn shown(group: &ConsumerGroup) -> Value {
    json!({ "name": group.name, "timeout": group.timeout_seconds, "order": group.in_order })
}

fn what(name: &str) -> String {
    format!("consumer group {name}")
}

fn told_of(error: catalog::CatalogError, name: &str) -> Fault {
    told(error, fault::CONSUMER_GROUP_NOT_EXIST, fault::CONSUMER_GROUP_ALREADY_EXIST, &what(name))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let (of, _) = call.logstore().await?;
    let groups = call.gateway.catalog.consumer_group_list(&of).await.map_err(ours)?;
    Ok(Reply::json(&groups.iter().map(shown).collect()))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let (of, _) = call.logstore().await?;
    let name = wish.name.unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
        let message = format!("consumer group {name:?} is invalid: letters, digits, - and _, at most {NAME_BYTES_MAX}");
        return Err(fault::PARAMETER_INVALID.because(message));
    }
    let timeout_seconds = timeout(wish.timeout.unwrap_or(60))?;
    let group = ConsumerGroup { name, timeout_seconds, in_order: wish.order.unwrap_or(false) };
    let created = call.gateway.catalog.consumer_group_create(&of, &group, call.request.received, GROUPS_MAX).await;
    created.map_err(|error| told_of(error, &group.name))?;
    Ok(Reply::empty())
}

fn timeout(seconds: u32) -> Result<u32, Fault> {
    if (1..=86_400).contains(&seconds) {
        return Ok(seconds);
    }
    Err(fault::PARAMETER_INVALID.because("The timeout of a consumer group must be 1 to 86400 seconds"))
}

/// The group of the path.
async fn found(call: &Call<'_>) -> Result<(LogstoreName, ConsumerGroup), Fault> {
    let (of, _) = call.logstore().await?;
    let name = call.route.name.as_deref().unwrap_or_default();
    let group = call.gateway.catalog.consumer_group_find(&of, name).await.map_err(ours)?;
    let missing = || fault::CONSUMER_GROUP_NOT_EXIST.because(format!("{} does not exist", what(name)));
    Ok((of, group.ok_or_else(missing)?))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wish: Wish = body(call.request)?;
    let (of, mut group) = found(call).await?;
    group.timeout_seconds = timeout(wish.timeout.unwrap_or(group.timeout_seconds))?;
    group.in_order = wish.order.unwrap_or(group.in_order);
    let updated = call.gateway.catalog.consumer_group_update(&of, &group).await;
    updated.map_err(|error| told_of(error, &group.name))?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let (of, group) = found(call).await?;
    let deleted = call.gateway.catalog.consumer_group_delete(&of, &group.name).await;
    deleted.map_err(|error| told_of(error, &group.name))?;
    call.gateway.consumers.forget(&of, &group.name);
    Ok(Reply::empty())
}

fn consumer<'c>(call: &'c Call<'_>) -> Result<&'c str, Fault> {
    let name = call.parameter("consumer").filter(|name| name.len() <= NAME_BYTES_MAX);
    name.ok_or_else(|| fault::PARAMETER_INVALID.because("The parameter consumer is missing or too long"))
}

/// A consumer says that it lives and which shards it holds; it is told which it should.
pub(super) async fn heartbeat(call: &Call<'_>) -> Result<Reply, Fault> {
    let _held: Vec<u32> = if call.request.body.is_empty() { Vec::new() } else { body(call.request)? };
    let consumer = consumer(call)?;
    let (of, group) = found(call).await?;
    let timeout = Duration::from_secs(group.timeout_seconds.into());
    let has_shard = call.gateway.consumers.knock(&of, &group.name, consumer, timeout, call.request.received);
    let has_shard = has_shard.map_err(|_| fault::EXCEED_QUOTA.because("The consumer group has too many consumers"))?;
    let shards: &[u32] = if has_shard { &[SHARD] } else { &[] };
    Ok(Reply::json(&json!(shards)))
}

#[derive(Deserialize)]
struct Position {
    shard: u32,
    checkpoint: String,
}

/// A consumer has read so far. Only the one that has the shard may say so, unless it insists.
pub(super) async fn put_checkpoint(call: &Call<'_>) -> Result<Reply, Fault> {
    let Position { shard, checkpoint } = body(call.request)?;
    let (of, group) = found(call).await?;
    if shard != SHARD {
        return Err(shards::missing(&shard.to_string()));
    }
    if checkpoint.parse::<Cursor>().is_err() {
        return Err(fault::PARAMETER_INVALID.because("The checkpoint is invalid: it is not a cursor"));
    }
    let forces = call.parameter("forceSuccess").is_none_or(|text| text.eq_ignore_ascii_case("true"));
    let consumer = call.parameter("consumer").unwrap_or_default();
    if !forces && !call.gateway.consumers.has_shard(&of, &group.name, consumer) {
        let message = format!("consumer {consumer} does not hold shard {shard} of the group");
        return Err(fault::CONSUMER_NOT_EXIST.because(message));
    }
    let updated = call.request.received;
    let at = Checkpoint { shard, cursor: checkpoint, consumer: consumer.to_owned(), updated };
    let put = call.gateway.catalog.consumer_checkpoint_put(&of, &group.name, &at).await;
    put.map_err(|error| told_of(error, &group.name))?;
    Ok(Reply::empty())
}

/// How far the group has read; a shard that nobody has read has an empty checkpoint.
pub(super) async fn checkpoints(call: &Call<'_>) -> Result<Reply, Fault> {
    let (of, group) = found(call).await?;
    if let Some(shard) = call.parameter("shard").filter(|shard| !["-1", "0"].contains(shard)) {
        return Err(shards::missing(shard));
    }
    let kept = call.gateway.catalog.consumer_checkpoint_list(&of, &group.name).await.map_err(ours)?;
    let empty = || json!({ "shard": SHARD, "checkpoint": "", "updateTime": 0, "consumer": "" });
    let kept = kept.into_iter().find(|kept| kept.shard == SHARD);
    let shown = kept.map_or_else(empty, |kept| {
        json!({
            "shard": kept.shard,
            "checkpoint": kept.cursor,
            "updateTime": kept.updated.0.saturating_mul(1000),
            "consumer": kept.consumer,
        })
    });
    Ok(Reply::json(&json!([shown])))
}
