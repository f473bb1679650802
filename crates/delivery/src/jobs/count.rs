//! The count at the end of a job: what its objects hold against what the store holds.
//!
//! The job wrote what it found by number; here the store is asked by time, which goes another way to the same events. Only
//! what retention removed since a batch was written may be missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::{Job, JobBatch, JobRegion};
use model::Seq;
use parking_lot::Mutex;
use store::StoreError;

use super::job::wants;
use crate::encode::region_of;
use crate::{DeliveryError, Shared};

/// Bytes of JSON read at once while a batch is counted again.
const READ_BYTES: usize = 2 * 1024 * 1024;

/// Counts; the difference in words, if there is one.
pub(super) async fn count(shared: &Arc<Shared>, job: &Job) -> Result<Option<String>, DeliveryError> {
    let catalog = &shared.parts.catalog;
    loop {
        let retired = catalog.retired().await?;
        let batches = catalog.job_batches(job.id).await?;
        let written: u64 = batches.iter().map(|batch| batch.events).sum();
        if written != job.events {
            let events = job.events;
            return Ok(Some(format!("its batches have {written} events and its total is {events}")));
        }
        let mut expected = 0;
        for batch in &batches {
            let is_touched = retired.iter().any(|(first, last)| *first <= batch.through && *last > batch.after);
            expected +=
                if is_touched { still_there(shared, job, batch).await?.min(batch.events) } else { batch.events };
        }
        let found = in_store(shared, job).await?;
        if catalog.retired().await? != retired {
            // Something was removed while we counted; once more with what is left.
            continue;
        }
        return Ok((found != expected).then(|| {
            format!("it wrote {expected} of the events that are in the history, which has {found} of its range")
        }));
    }
}

/// What a job that copies nothing shows, by region; global events lie with the home region's.
pub(super) async fn by_region(shared: &Arc<Shared>, job: &Job) -> Result<Vec<JobRegion>, DeliveryError> {
    let (source, job) = (shared.parts.source.clone(), job.clone());
    let counting = move || {
        let counts: Mutex<BTreeMap<String, u64>> = Mutex::default();
        source.count(job.account, job.from, job.through, &|found| {
            let is_wanted = wants(&job, found);
            if is_wanted {
                let region = region_of(&found.event).unwrap_or(&job.home_region);
                *counts.lock().entry(region.to_owned()).or_default() += 1;
            }
            is_wanted
        })?;
        Ok::<_, StoreError>(counts.into_inner())
    };
    let counts = tokio::task::spawn_blocking(counting).await??;
    Ok(counts.into_iter().map(|(region, events)| JobRegion { region, events }).collect())
}

/// All of the job's events, by time.
async fn in_store(shared: &Arc<Shared>, job: &Job) -> Result<u64, DeliveryError> {
    let (source, job) = (shared.parts.source.clone(), job.clone());
    let counting = move || source.count(job.account, job.from, job.through, &|found| wants(&job, found));
    Ok(tokio::task::spawn_blocking(counting).await??)
}

/// What is left of a batch, by number.
async fn still_there(shared: &Arc<Shared>, job: &Job, batch: &JobBatch) -> Result<u64, DeliveryError> {
    let (mut counted, mut after) = (0, batch.after);
    while after < batch.through {
        let (source, account, through): (_, _, Seq) = (shared.parts.source.clone(), job.account, batch.through);
        let read = move || source.read_after(&[account], after, through, READ_BYTES);
        let stretch = tokio::task::spawn_blocking(read).await??;
        after = stretch.through;
        counted += stretch.events.iter().filter(|owned| wants(job, &owned.found)).count() as u64;
    }
    Ok(counted)
}
