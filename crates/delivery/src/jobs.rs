//! Delivery history jobs: a range of what an account's history holds, written to where a trail
//! writes.
//!
//! One task per unfinished job of the catalog; they take turns, a batch at a time, in slots of their own, so neither a
//! large job nor a broken bucket holds up a trail or another job. A job is cut off wherever it is, as a trail's worker
//! is: what it had planned is written again under the same names.

mod count;
mod job;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use catalog::CatalogError;
use futures::FutureExt;
use host::metrics::Metrics;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{error, warn};

use crate::backoff::Backoff;
use crate::{Config, DeliveryError, Parts, Shared, metrics};

use job::{JobWorker, Progress};

/// Before the jobs are asked for again when the catalog did not answer.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// Before a job that panicked goes on. A panic is our own mistake and most likely repeats.
const PANIC_PAUSE: Duration = Duration::from_secs(60);
/// Before a failed attempt is repeated because the catalog changed.
const CHANGE_PAUSE: Duration = Duration::from_secs(1);

/// Looks after every unfinished job until `stopping` resolves.
pub(crate) async fn run(shared: Arc<Shared>, stopping: impl Future<Output = ()>) {
    let mut workers = JoinSet::new();
    tokio::select! {
        () = stopping => {}
        () = look_after(&shared, &mut workers) => {}
    }
    workers.shutdown().await;
}

async fn look_after(shared: &Arc<Shared>, workers: &mut JoinSet<()>) {
    let mut changes = shared.parts.catalog.jobs_version();
    let mut running: HashMap<i64, DropGuard> = HashMap::new();
    loop {
        changes.borrow_and_update();
        match shared.parts.catalog.jobs_unfinished().await {
            Ok(jobs) => {
                let present: HashSet<i64> = jobs.iter().map(|job| job.id).collect();
                shared.metrics.unfinished_jobs(present.len());
                running.retain(|job, _| present.contains(job));
                for job in present {
                    running.entry(job).or_insert_with(|| {
                        let stop = CancellationToken::new();
                        workers.spawn(work(shared.clone(), job, stop.clone()));
                        stop.drop_guard()
                    });
                }
            }
            Err(error) => {
                warn!(%error, "could not list the delivery history jobs");
                tokio::time::sleep(CATALOG_PAUSE).await;
                continue;
            }
        }
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            // Finished workers are only collected; their jobs are not listed any more.
            Some(_) = workers.join_next(), if !workers.is_empty() => {}
        }
    }
}

async fn work(shared: Arc<Shared>, job: i64, stop: CancellationToken) {
    let keep_working = async {
        loop {
            if AssertUnwindSafe(finish(&shared, job)).catch_unwind().await.is_ok() {
                return;
            }
            error!(job, "a delivery history job broke and will go on");
            shared.metrics.worker_panicked();
            tokio::time::sleep(PANIC_PAUSE).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep_working => {}
    }
}

/// Steps until the job is finished or gone.
async fn finish(shared: &Arc<Shared>, job: i64) {
    let worker = JobWorker::new(shared.clone(), job);
    let mut backoff = Backoff::default();
    loop {
        let slot = shared.job_slots.acquire().await.expect("nobody closes the slots");
        let done = worker.step().await;
        drop(slot);
        match done {
            Ok(Progress::More) => backoff.reset(),
            // Deleted a moment ago is finished, too.
            Ok(Progress::Finished) | Err(DeliveryError::Catalog(CatalogError::NotFound { .. })) => return,
            Err(error) => {
                worker.failed(&error).await;
                let config = &shared.config;
                let pause = backoff.next(config.retry_min, config.retry_max, &*shared.parts.random);
                wait_for_repair(shared, pause).await;
            }
        }
    }
}

/// Until the pause is over, or a trail, a bucket or a role has changed.
async fn wait_for_repair(shared: &Shared, pause: Duration) {
    let mut trails = shared.parts.catalog.trails_version();
    let mut identities = shared.parts.catalog.identity_version();
    let repaired = async {
        tokio::time::sleep(CHANGE_PAUSE.min(pause)).await;
        // An error means the node is stopping; the pause is then cut off from outside.
        tokio::select! {
            Ok(()) = trails.changed() => {}
            Ok(()) = identities.changed() => {}
            else => std::future::pending().await,
        }
    };
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = repaired => {}
    }
}

/// One job, moved by hand, for simulations that decide what happens when. Dropping a step in the middle is what a
/// crash does.
pub struct JobStepper(JobWorker);

impl JobStepper {
    /// A run that knows nothing but the catalog.
    pub fn new(parts: Parts, config: Config, job: i64) -> JobStepper {
        let slots = Arc::new(Semaphore::new(1));
        let (committed, clock) = (parts.committed.clone(), parts.clock.clone());
        let metrics = metrics::DeliveryMetrics::register(&Metrics::default(), committed, clock, 1);
        let shared = Shared { parts, config, metrics, slots: slots.clone(), job_slots: slots };
        JobStepper(JobWorker::new(Arc::new(shared), job))
    }

    /// One bounded piece of work, and whether there is more. A failure is recorded where the job's owner sees it.
    pub async fn step(&mut self) -> Result<bool, DeliveryError> {
        match self.0.step().await {
            Ok(progress) => Ok(progress == Progress::More),
            Err(error) => {
                self.0.failed(&error).await;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests;
