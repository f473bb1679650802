//! How long after its acknowledgement an event is in an object of its trail's bucket.
//!
//! A trail writes an object when its oldest event is of the configured age, or when it has enough bytes. On a node with
//! little to do it is the age that counts, so one event is measured with the default age, and a few with an age of a
//! second, which shows what delivery itself adds. The bucket is a local folder; an object counts once it holds the
//! event, whatever its name says.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use api::OperationId;
use client::{Client, Encoding, MediaType};
use flate2::read::MultiGzDecoder;
use host::{Clock, SystemClock};
use model::limits::{DELIVERY_AGE_MAX, DELIVERY_BYTES_MAX};
use serde::Serialize;

use crate::report::percentile;
use crate::server::{Server, Setting};

const QUICK: Setting = ("CAIRN_DELIVERY_AGE_SECONDS", "1");
const QUICK_AGE_SECONDS: f64 = 1.0;
const QUICK_EVENTS: usize = 15;
const TRAIL: &str = "bench-trail";
const BUCKET: &str = "bench-bucket";
const POLL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(180);

/// Times from acknowledgement to object.
#[derive(Serialize)]
pub(crate) struct Delivery {
    /// The defaults: seconds until an object is written, and the bytes that make it be written before.
    pub(crate) age_seconds: f64,
    pub(crate) bytes: u64,
    /// Of the one event measured with them.
    pub(crate) seconds: f64,
    pub(crate) quick_age_seconds: f64,
    pub(crate) quick_p50_seconds: f64,
    pub(crate) quick_max_seconds: f64,
}

/// The server runs with the defaults before and after.
pub(crate) async fn measure(server: &mut Server, folder: &Path) -> Result<Delivery> {
    server.stop().await?;
    server.restart_with(&[QUICK]).await?;
    let mut bucket = Bucket { folder: folder.to_owned(), seen: HashSet::new() };
    let client = server.client()?;
    start_trail(&client, folder).await?;
    let mut quick = Vec::new();
    for number in 0..QUICK_EVENTS {
        quick.push(delivered(&client, &mut bucket, &format!("delivered-{number}")).await?);
    }
    // What else there is goes too, so that the event below is the oldest of its object.
    tokio::time::sleep(Duration::from_secs_f64(3.0 * QUICK_AGE_SECONDS)).await;
    server.stop().await?;
    server.restart_with(&[]).await?;
    let client = server.client()?;
    let with_defaults = delivered(&client, &mut bucket, "delivered-by-default").await?;
    client.rpc(OperationId::StopLogging, &[param("Name", TRAIL)]).await?;
    Ok(Delivery {
        age_seconds: DELIVERY_AGE_MAX.as_secs_f64(),
        bytes: DELIVERY_BYTES_MAX as u64,
        seconds: with_defaults.as_secs_f64(),
        quick_age_seconds: QUICK_AGE_SECONDS,
        quick_p50_seconds: percentile(&quick, 50) / 1000.0,
        quick_max_seconds: percentile(&quick, 100) / 1000.0,
    })
}

fn param(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

async fn start_trail(client: &Client, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).context("could not make the bucket's folder")?;
    let url = format!("file://{}", folder.display());
    client.rpc(OperationId::CreateBucket, &[param("Name", BUCKET), param("Url", url)]).await?;
    let trail = [param("Name", TRAIL), param("OssBucketName", BUCKET), param("EventRW", "All")];
    client.rpc(OperationId::CreateTrail, &trail).await?;
    client.rpc(OperationId::StartLogging, &[param("Name", TRAIL)]).await?;
    Ok(())
}

/// Puts one event and waits for its object; gives the time from the acknowledgement.
async fn delivered(client: &Client, bucket: &mut Bucket, id: &str) -> Result<Duration> {
    let now = SystemClock.now();
    let event = format!(r#"{{"eventId":"{id}","eventTime":"{now}","eventName":"Delivered","eventRW":"Write"}}"#);
    client.put_events(None, event.into(), MediaType::Json, Encoding::Identity).await?;
    let acknowledged = Instant::now();
    loop {
        let looked = acknowledged.elapsed();
        if bucket.has_new(id)? {
            return Ok(acknowledged.elapsed());
        }
        ensure!(looked < PATIENCE, "{id} was acknowledged and is in no object");
        tokio::time::sleep(POLL).await;
    }
}

/// The folder and the objects that were looked into.
struct Bucket {
    folder: PathBuf,
    seen: HashSet<PathBuf>,
}

impl Bucket {
    /// Whether an object that was not looked into before holds the event.
    fn has_new(&mut self, id: &str) -> Result<bool> {
        for object in find_objects(&self.folder)? {
            if self.seen.insert(object.clone()) && read_object(&object)?.contains(&format!("\"{id}\"")) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn read_object(path: &Path) -> Result<String> {
    let mut text = String::new();
    let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .with_context(|| format!("could not read {}", path.display()))?;
    Ok(text)
}

fn find_objects(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            objects.extend(find_objects(&entry.path())?);
        } else if entry.path().extension().is_some_and(|extension| extension == "gz") {
            objects.push(entry.path());
        }
    }
    Ok(objects)
}
