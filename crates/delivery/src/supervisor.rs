//! One worker per trail and kind of destination: started when the trail appears, stopped when it is deleted or the node stops; and the router that
//! wakes them.
//!
//! A worker is cut off wherever it is, also in the middle of a put. That is no more than a crash does, and a crash is
//! what plans are for. So neither a bucket that hangs nor a long retry holds up the node's end.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use catalog::{CatalogError, DeliveryId};
use futures::FutureExt;
use model::Seq;
use model::trail::{DestinationKind, Trail};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{error, warn};

use crate::Shared;
use crate::desk::Desk;
use crate::router::Router;
use crate::worker::Worker;

/// Before the trails are asked for again when the catalog did not answer.
const CATALOG_PAUSE: Duration = Duration::from_secs(1);
/// Before a worker that panicked starts again. A panic is our own mistake and most likely repeats.
const PANIC_PAUSE: Duration = Duration::from_secs(60);
/// The router looks this many times while a trail looks once, so that it adds little to a trail's delay.
const PASSES_PER_POLL: u32 = 4;

/// Looks after every trail until `stopping` resolves.
pub(crate) async fn run(shared: Arc<Shared>, stopping: impl Future<Output = ()>) {
    let mut workers = JoinSet::new();
    tokio::select! {
        () = stopping => {}
        () = keep_looking(&shared, &mut workers) => {}
    }
    workers.shutdown().await;
}

/// After a panic everything starts again: the workers from their cursors, the router with the trails as they are.
async fn keep_looking(shared: &Arc<Shared>, workers: &mut JoinSet<()>) {
    loop {
        if AssertUnwindSafe(look_after(shared, workers)).catch_unwind().await.is_ok() {
            return;
        }
        error!("what wakes the trails broke and will start again with all of them");
        shared.metrics.worker_panicked();
        workers.shutdown().await;
        tokio::time::sleep(PANIC_PAUSE).await;
    }
}

async fn look_after(shared: &Arc<Shared>, workers: &mut JoinSet<()>) {
    let mut changes = shared.parts.catalog.trails_version();
    let mut committed = shared.parts.committed.clone();
    let mut running: HashMap<DeliveryId, DropGuard> = HashMap::new();
    let mut router = Router::new(shared.clone(), *committed.borrow());
    let mut is_stale = true;
    loop {
        // The head before the trails: see the router.
        let head = *committed.borrow_and_update();
        if is_stale || changes.has_changed().unwrap_or(false) {
            changes.borrow_and_update();
            is_stale = match reconcile(shared, &mut router, &mut running, workers).await {
                Ok(()) => false,
                Err(error) => {
                    warn!(%error, "could not read the trails");
                    true
                }
            };
        }
        router.look(head);
        if !is_stale {
            router.record_quiet().await;
        }
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                // Left marked for the next round.
                changes.mark_changed();
            }
            () = news(&mut committed, shared.config.poll / PASSES_PER_POLL) => {}
            () = tokio::time::sleep(CATALOG_PAUSE), if is_stale => {}
            // Nothing was committed for a while, and cursors are behind.
            () = tokio::time::sleep(shared.config.record_every.max(CATALOG_PAUSE)), if router.is_unrecorded() => {}
            // Finished workers are only collected; a deleted trail's guard is gone already.
            Some(_) = workers.join_next(), if !workers.is_empty() => {}
        }
    }
}

/// Resolves some time after the next commit, so that one pass serves many.
async fn news(committed: &mut watch::Receiver<Seq>, pause: Duration) {
    if committed.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(pause).await;
}

async fn reconcile(
    shared: &Arc<Shared>,
    router: &mut Router,
    running: &mut HashMap<DeliveryId, DropGuard>,
    workers: &mut JoinSet<()>,
) -> Result<(), CatalogError> {
    router.reload().await?;
    let present: HashSet<DeliveryId> = router.deliveries().collect();
    running.retain(|trail, _| {
        let stays = present.contains(trail);
        if !stays {
            shared.metrics.trail_gone(*trail);
        }
        stays
    });
    router.desks.retain(|trail, _| present.contains(trail));
    if present.len() == running.len() {
        return Ok(());
    }
    for trail in shared.parts.catalog.trail_list_all().await? {
        for kind in DestinationKind::ALL {
            let id = DeliveryId { trail: trail.id, kind };
            if !present.contains(&id) || running.contains_key(&id) {
                continue;
            }
            let stop = CancellationToken::new();
            shared.metrics.trail_started(id);
            let desk = router.desks.entry(id).or_default().clone();
            workers.spawn(work(shared.clone(), trail.clone(), kind, desk, stop.clone()));
            running.insert(id, stop.drop_guard());
        }
    }
    Ok(())
}

async fn work(shared: Arc<Shared>, trail: Trail, kind: DestinationKind, desk: Arc<Desk>, stop: CancellationToken) {
    let keep_working = async {
        loop {
            let worker = Worker::new(shared.clone(), trail.clone(), kind, desk.clone());
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
