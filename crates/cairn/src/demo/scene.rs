//! Sets the scene: a bucket, a trail that delivers to it, then events, all through the HTTP API.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::OperationId;
use bytes::Bytes;
use client::{Client, ClientError, Credentials, Encoding, MediaType, Patience, SecretText, Settings};
use model::Timestamp;
use sample::Generator;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::story;
use crate::connection::now;
use crate::files;

pub(crate) const BUCKET: &str = "demo-bucket";
pub(crate) const TRAIL: &str = "demo-trail";

/// The time the events are spread over.
const SPAN: Duration = Duration::from_secs(7 * 24 * 3600);
/// A demo that is started again within this time has nothing to add.
const GAP_MIN: Duration = Duration::from_secs(3600);
/// Who acts in the account.
const USERS: usize = 40;
const BATCH_EVENTS: usize = 2000;
const FILE: &str = "demo-scene.json";

/// What was set up.
pub(crate) struct Scene {
    /// Where the trail's objects appear.
    pub(crate) bucket: PathBuf,
    /// Events put by this start.
    pub(crate) events: u64,
}

/// Up to when an earlier demo made events.
#[derive(Serialize, Deserialize)]
struct Made {
    through: Timestamp,
}

/// Sets up what is not there yet.
pub(crate) async fn set(data: &Path, endpoint: &str, key: &Key, events: u64) -> anyhow::Result<Scene> {
    let client = Client::new(Settings {
        endpoint: endpoint.parse()?,
        credentials: Some(Credentials::AccessKey {
            id: key.access_key_id.clone(),
            secret: SecretText::new(key.access_key_secret.clone()),
            security_token: None,
        }),
        region: None,
        extra_root_pem: None,
        patience: Patience::of_a_long_job(),
        now: Arc::new(now),
    })?;
    let bucket = make_bucket_folder(data)?;
    let named = |name: &str| ("Name".to_owned(), name.to_owned());
    let bucket_params = [named(BUCKET), ("Url".to_owned(), format!("file://{}", bucket.display()))];
    unless_there(client.rpc(OperationId::CreateBucket, &bucket_params).await)?;
    let trail_params = [named(TRAIL), ("OssBucketName".to_owned(), BUCKET.to_owned())];
    let is_new = unless_there(client.rpc(OperationId::CreateTrail, &trail_params).await)?;
    if is_new {
        client.rpc(OperationId::StartLogging, &[named(TRAIL)]).await?;
    }
    let events = put_events(&client, data, key, events).await?;
    Ok(Scene { bucket, events })
}

fn make_bucket_folder(data: &Path) -> anyhow::Result<PathBuf> {
    let bucket = std::path::absolute(data.join("bucket"))?;
    std::fs::create_dir_all(&bucket).with_context(|| format!("could not create {}", bucket.display()))?;
    Ok(bucket)
}

/// Whether it was made now; an earlier demo may have.
fn unless_there(outcome: Result<client::Reply, ClientError>) -> Result<bool, ClientError> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.code().is_some_and(|code| code.contains("AlreadyExists")) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Events from where an earlier demo ended, or a week ago, up to now; as many for the time as were asked for a week.
async fn put_events(client: &Client, data: &Path, key: &Key, per_week: u64) -> anyhow::Result<u64> {
    let path = data.join(FILE);
    let made: Option<Made> = files::read(&path)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let end = now();
    let start = made.map_or(end.minus(SPAN), |made| made.through.max(end.minus(SPAN)));
    let span = end.since(start);
    if span < GAP_MIN || per_week == 0 {
        return Ok(0);
    }
    let share = span.as_secs_f64() / SPAN.as_secs_f64();
    let count = ((per_week as f64 * share) as u64).max(1);
    let config = sample::Config { accounts: vec![key.account_id], users_per_account: USERS, start, end, events: count };
    // Another seed gives other ids, so what a later demo adds is new.
    let mut generator = Generator::new(end.0.unsigned_abs(), &config);
    let mut lines: Vec<String> = (0..count).map(|_| generator.next_event().1).collect();
    if span > SPAN / 2 {
        lines.extend(story::events(key.account_id, end));
    }
    for batch in lines.chunks(BATCH_EVENTS) {
        let mut body = batch.join("\n");
        body.push('\n');
        let reply = client.put_events(None, Bytes::from(body), MediaType::NdJson, Encoding::Identity).await?;
        if let Some(refused) = reply.refused.first() {
            anyhow::bail!("the node refused a sample event: {}: {}", refused.code, refused.message);
        }
    }
    files::write_private(&path, &serde_json::to_vec(&Made { through: end })?)?;
    Ok(lines.len() as u64)
}
