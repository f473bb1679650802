//! One job: a batch is gathered, planned, written to every destination and recorded; when nothing is left it is counted. What a
//! Logstore of this node shows was there when the job was created, so for that there is only the count.

use std::sync::Arc;

use catalog::{Job, JobRegion};
use model::Seq;
use model::trail::{BucketTarget, LogTarget, TableTarget};
use store::{Found, Owned};
use tracing::{debug, info, warn};

use super::count;
use crate::encode::Regions;
use crate::logs::groups;
use crate::tables::{Table, TableBatch};
use crate::target::Target;
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
    events: Vec<Owned>,
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
        let failure = match (job.trail, &job.error, job.destinations.is_empty()) {
            (None, _, _) => Some("the trail was deleted".to_owned()),
            (_, Some(error), _) if self.is_over(&job) => {
                Some(format!("given up after a day without progress: {error}"))
            }
            (_, _, true) => Some("the trail had no destination".to_owned()),
            _ => None,
        };
        if let Some(failure) = failure {
            return self.finish(&job, Some(&failure)).await;
        }
        if job.destinations.kinds().next().is_none() {
            return self.count_only(&job).await;
        }
        if job.cursor >= job.head {
            let difference = count::count(&self.shared, &job).await?;
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

    /// A job that copies nothing: what it shows is counted, and it is done.
    async fn count_only(&self, job: &Job) -> Result<Progress, DeliveryError> {
        if job.cursor < job.head {
            let regions = count::by_region(&self.shared, job).await?;
            let now = self.shared.parts.clock.now();
            self.shared.parts.catalog.job_advance(job.id, job.head, &regions, 0, now).await?;
        }
        let job = self.shared.parts.catalog.job_state(job.id).await?;
        self.finish(&job, None).await
    }

    async fn write_batch(&self, job: &Job) -> Result<(), DeliveryError> {
        let parts = &self.shared.parts;
        let targets: Vec<Target> =
            job.destinations.kinds().filter_map(|kind| Target::of(&job.destinations, kind)).collect();
        for target in &targets {
            self.permit(job, target)?;
        }
        let gathered = match job.planned {
            Some(planned) => self.gather(job, job.cursor, planned, None).await?,
            None => {
                let start = self.skipped(job).await?;
                let gathered = self.gather(job, start, job.head, Some(self.shared.config.bytes_max)).await?;
                if !gathered.events.is_empty() {
                    parts.catalog.job_plan(job.id, gathered.through, parts.clock.now()).await?;
                }
                gathered
            }
        };
        let Gathered { events, through } = gathered;
        let count = events.len() as u64;
        let (mut counts, mut writes) = (Vec::new(), 0);
        if count > 0 {
            let mut regions = Regions::new(&job.home_region, None);
            events.iter().cloned().for_each(|owned| regions.add(owned));
            counts.extend(regions.counts().into_iter().map(|(region, events)| JobRegion { region, events }));
            for target in &targets {
                writes += match target {
                    Target::Bucket(target) => self.put(job, target, &events).await?,
                    Target::Logs(target) => self.send(job, target, &events).await?,
                    Target::Table(target) => self.append(job, target, through, &events).await?,
                };
            }
        }
        parts.catalog.job_advance(job.id, through, &counts, writes, parts.clock.now()).await?;
        self.shared.metrics.job_wrote(count);
        debug!(job = job.id, events = count, writes, through = through.0, "delivery history batch written");
        Ok(())
    }

    fn permit(&self, job: &Job, target: &Target) -> Result<(), DeliveryError> {
        let destinations = &self.shared.parts.destinations;
        let name = format!("actiontrail_{}", job.trail_name);
        match target {
            Target::Bucket(target) => destinations.permit(job.account, target),
            Target::Logs(target) => destinations.permit_logs(job.account, target, &name),
            Target::Table(target) => destinations.permit_table(job.account, target, &name),
        }
    }

    /// Puts a batch's objects; how many.
    async fn put(&self, job: &Job, target: &BucketTarget, events: &[Owned]) -> Result<u64, DeliveryError> {
        let mut regions = Regions::new(&job.home_region, None);
        events.iter().cloned().for_each(|owned| regions.add(owned));
        let prefix = target.prefix.clone();
        let objects = tokio::task::spawn_blocking(move || regions.into_objects(prefix.as_deref())).await?;
        let destination = self.shared.parts.destinations.open(target.owner(job.account), &target.name).await?;
        for object in &objects {
            destination.put(&object.key, object.bytes.clone()).await?;
        }
        Ok(objects.len() as u64)
    }

    /// Sends a batch to a project elsewhere; in how many groups.
    async fn send(&self, job: &Job, target: &LogTarget, events: &[Owned]) -> Result<u64, DeliveryError> {
        let project = self.shared.parts.destinations.open_project(target.owner, &target.project).await?;
        let mut sent = 0;
        for group in groups(events.to_vec()) {
            project.put(&format!("actiontrail_{}", job.trail_name), group).await?;
            sent += 1;
        }
        Ok(sent)
    }

    /// Appends a batch to the trail's table.
    async fn append(
        &self,
        job: &Job,
        target: &TableTarget,
        through: Seq,
        events: &[Owned],
    ) -> Result<u64, DeliveryError> {
        let tables = self.shared.parts.tables.as_ref().ok_or(DeliveryError::NoTables)?;
        let source = format!("job-{}", job.id);
        let batch = TableBatch { source, after: job.cursor, through, events: events.to_vec() };
        tables.append(&Table::of(target, &job.trail_name), batch).await?;
        Ok(1)
    }

    /// Reads from behind `start` up to `end`, or until there are `bytes_max` bytes of what is wanted.
    async fn gather(
        &self,
        job: &Job,
        start: Seq,
        end: Seq,
        bytes_max: Option<usize>,
    ) -> Result<Gathered, DeliveryError> {
        let mut gathered = Gathered { events: Vec::new(), through: start };
        let (mut bytes, mut looked_at) = (0, 0);
        let is_full = |bytes: usize, looked_at: usize| {
            bytes_max.is_some_and(|max| bytes >= max || looked_at >= max.saturating_mul(LOOKED_AT_MAX))
        };
        while gathered.through < end && !is_full(bytes, looked_at) {
            let (source, account, after) = (self.shared.parts.source.clone(), job.account, gathered.through);
            let read = move || source.read_after(&[account], after, end, READ_BYTES);
            let stretch = tokio::task::spawn_blocking(read).await??;
            gathered.through = stretch.through;
            for owned in stretch.events {
                let (seq, length) = (owned.found.seq, owned.found.event.raw().len());
                looked_at += length;
                if wants(job, &owned.found) {
                    bytes += length;
                    gathered.events.push(owned);
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
