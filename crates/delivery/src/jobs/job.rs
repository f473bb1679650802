//! One job: a batch is gathered, planned, put and recorded; when nothing is left it is counted.

use std::sync::Arc;

use catalog::{Job, JobRegion};
use model::Seq;
use model::trail::BucketTarget;
use store::{Found, Owned};
use tracing::{debug, info, warn};

use super::count::count;
use crate::encode::{Object, Regions};
use crate::{DeliveryError, Shared};

/// Bytes of JSON read at once while looking for what is selected.
const READ_BYTES: usize = 2 * 1024 * 1024;
/// How much is looked at for one batch, as a multiple of its size, before the job's place is recorded.
const LOOKED_AT_MAX: usize = 16;

/// Works on one job. Holds nothing between steps: the catalog has it all.
pub(crate) struct JobWorker {
    shared: Arc<Shared>,
    id: i64,
}

/// Whether a job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is more.
    More,
    /// Done or failed.
    Finished,
}

/// What was found behind a job's cursor.
struct Gathered {
    regions: Regions,
    events: u64,
    through: Seq,
}

impl JobWorker {
    pub(crate) fn new(shared: Arc<Shared>, id: i64) -> JobWorker {
        JobWorker { shared, id }
    }

    /// One bounded piece of work: a batch, or the count at the end.
    pub(crate) async fn step(&self) -> Result<Progress, DeliveryError> {
        let job = self.shared.parts.catalog.job_state(self.id).await?;
        if job.status.is_finished() {
            return Ok(Progress::Finished);
        }
        let failure = match (job.trail, &job.error, &job.destinations.bucket) {
            (None, _, _) => Some("the trail was deleted".to_owned()),
            (_, Some(error), _) if self.is_over(&job) => {
                Some(format!("given up after a day without progress: {error}"))
            }
            (_, _, None) => Some("the trail had no bucket".to_owned()),
            _ => None,
        };
        if let Some(failure) = failure {
            return self.finish(&job, Some(&failure)).await;
        }
        if job.cursor >= job.head {
            let difference = count(&self.shared, &job).await?;
            return self.finish(&job, difference.as_deref()).await;
        }
        self.write_batch(&job).await?;
        Ok(Progress::More)
    }

    /// Records a failed attempt where the job's owner sees it.
    pub(crate) async fn failed(&self, error: &DeliveryError) {
        let story = error.story();
        warn!(job = self.id, error = story, "a delivery history job failed and will be tried again");
        self.shared.metrics.job_failed();
        let now = self.shared.parts.clock.now();
        if let Err(error) = self.shared.parts.catalog.job_attempt_failed(self.id, &story, now).await {
            debug!(job = self.id, %error, "could not record a failed attempt");
        }
    }

    fn is_over(&self, job: &Job) -> bool {
        let now = self.shared.parts.clock.now();
        job.failing_since.is_some_and(|since| now.since(since) >= self.shared.config.job_patience)
    }

    async fn finish(&self, job: &Job, failure: Option<&str>) -> Result<Progress, DeliveryError> {
        let now = self.shared.parts.clock.now();
        self.shared.parts.catalog.job_finish(job.id, failure, now).await?;
        match failure {
            None => info!(job = job.id, events = job.events, objects = job.objects, "delivery history job done"),
            Some(reason) => warn!(job = job.id, reason, "delivery history job failed"),
        }
        Ok(Progress::Finished)
    }

    async fn write_batch(&self, job: &Job) -> Result<(), DeliveryError> {
        let parts = &self.shared.parts;
        let target = job.destinations.bucket.as_ref().expect("checked in this step");
        parts.destinations.permit(job.account, target)?;
        let gathered = match job.planned {
            Some(planned) => self.gather(job, job.cursor, planned, None).await?,
            None => {
                let start = self.skipped(job).await?;
                let gathered = self.gather(job, start, job.head, Some(self.shared.config.bytes_max)).await?;
                if gathered.events > 0 {
                    parts.catalog.job_plan(job.id, gathered.through, parts.clock.now()).await?;
                }
                gathered
            }
        };
        let Gathered { regions, events, through } = gathered;
        let prefix = target.prefix.clone();
        let objects = tokio::task::spawn_blocking(move || regions.into_objects(prefix.as_deref())).await?;
        self.put(job, target, &objects).await?;
        let regions: Vec<JobRegion> = objects
            .iter()
            .map(|object| JobRegion { region: object.region.clone(), events: object.events as u64 })
            .collect();
        parts.catalog.job_advance(job.id, through, &regions, objects.len() as u64, parts.clock.now()).await?;
        self.shared.metrics.job_wrote(events);
        debug!(job = job.id, events, objects = objects.len(), through = through.0, "delivery history batch written");
        Ok(())
    }

    async fn put(&self, job: &Job, target: &BucketTarget, objects: &[Object]) -> Result<(), DeliveryError> {
        if objects.is_empty() {
            return Ok(());
        }
        let destination = self.shared.parts.destinations.open(target.owner(job.account), &target.name).await?;
        for object in objects {
            destination.put(&object.key, object.bytes.clone()).await?;
        }
        Ok(())
    }

    /// Reads from behind `start` up to `end`, or until there are `bytes_max` bytes of what is wanted.
    async fn gather(
        &self,
        job: &Job,
        start: Seq,
        end: Seq,
        bytes_max: Option<usize>,
    ) -> Result<Gathered, DeliveryError> {
        let mut gathered = Gathered { regions: Regions::new(&job.home_region, None), events: 0, through: start };
        let (mut bytes, mut looked_at) = (0, 0);
        let is_full = |bytes: usize, looked_at: usize| {
            bytes_max.is_some_and(|max| bytes >= max || looked_at >= max.saturating_mul(LOOKED_AT_MAX))
        };
        while gathered.through < end && !is_full(bytes, looked_at) {
            let (source, account, after) = (self.shared.parts.source.clone(), job.account, gathered.through);
            let read = move || source.read_after(account, after, end, READ_BYTES);
            let stretch = tokio::task::spawn_blocking(read).await??;
            gathered.through = stretch.through;
            for found in stretch.events {
                let (seq, length) = (found.seq, found.event.raw().len());
                looked_at += length;
                if wants(job, &found) {
                    bytes += length;
                    gathered.events += 1;
                    gathered.regions.add(Owned { account: job.account, found });
                    if is_full(bytes, looked_at) {
                        // Where a batch ends depends on its events alone and not on how they were read.
                        gathered.through = seq;
                        return Ok(gathered);
                    }
                }
            }
        }
        Ok(gathered)
    }

    /// The cursor, moved over the segments that hold nothing of the job's times.
    async fn skipped(&self, job: &Job) -> Result<Seq, DeliveryError> {
        let mut at = job.cursor;
        for segment in self.shared.parts.catalog.manifest().await?.segments {
            if segment.last <= at {
                continue;
            }
            if segment.max_time >= job.from && segment.min_time <= job.through {
                break;
            }
            at = segment.last.min(job.head);
        }
        Ok(at)
    }
}

/// Whether an event is the job's.
pub(super) fn wants(job: &Job, found: &Found) -> bool {
    let time = found.event.time();
    found.seq <= job.head && time >= job.from && time <= job.through && job.selector.selects(&found.event)
}
