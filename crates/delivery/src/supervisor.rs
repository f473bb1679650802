//! One worker per trail: started when the trail appears, stopped when it is deleted or the node stops.
//!
//! A worker is cut off wherever it is, also in the middle of a put. That is no more than a crash does, and a crash is
//! what plans are for. So neither a bucket that hangs nor a long retry holds up the node's end.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use model::trail::Trail;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{error, warn};

use crate::Shared;
use crate::worker::Worker;

/// Before the trails are asked for again when the catalog did not answer.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// Before a worker that panicked starts again. A panic is our own mistake and most likely repeats.
const PANIC_PAUSE: Duration = Duration::from_secs(60);

/// Looks after every trail until `stopping` resolves.
pub(crate) async fn run(shared: Arc<Shared>, stopping: impl Future<Output = ()>) {
    let mut workers = JoinSet::new();
    tokio::select! {
        () = stopping => {}
        () = look_after(&shared, &mut workers) => {}
    }
    workers.shutdown().await;
}

async fn look_after(shared: &Arc<Shared>, workers: &mut JoinSet<()>) {
    let mut changes = shared.parts.catalog.trails_version();
    let mut running: HashMap<i64, DropGuard> = HashMap::new();
    loop {
        changes.borrow_and_update();
        match shared.parts.catalog.trail_list_all().await {
            Ok(trails) => reconcile(shared, &mut running, workers, trails),
            Err(error) => {
                warn!(%error, "could not list the trails");
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
            // Finished workers are only collected; a deleted trail's guard is gone already.
            Some(_) = workers.join_next(), if !workers.is_empty() => {}
        }
    }
}

fn reconcile(
    shared: &Arc<Shared>,
    running: &mut HashMap<i64, DropGuard>,
    workers: &mut JoinSet<()>,
    trails: Vec<Trail>,
) {
    let present: HashSet<i64> = trails.iter().map(|trail| trail.id).collect();
    running.retain(|trail, _| {
        let stays = present.contains(trail);
        if !stays {
            shared.metrics.trail_gone(*trail);
        }
        stays
    });
    for trail in trails {
        running.entry(trail.id).or_insert_with(|| {
            let stop = CancellationToken::new();
            shared.metrics.trail_started(trail.id);
            workers.spawn(work(shared.clone(), trail, stop.clone()));
            stop.drop_guard()
        });
    }
}

async fn work(shared: Arc<Shared>, trail: Trail, stop: CancellationToken) {
    let keep_working = async {
        loop {
            let worker = Worker::new(shared.clone(), trail.clone());
            if AssertUnwindSafe(worker.run()).catch_unwind().await.is_ok() {
                return;
            }
            error!(trail = trail.id, name = %trail.name, "a trail's delivery broke and will start again");
            shared.metrics.worker_panicked();
            tokio::time::sleep(PANIC_PAUSE).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep_working => {}
    }
}

#[cfg(test)]
mod tests;
