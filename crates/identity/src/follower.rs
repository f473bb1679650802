//! Keeps the table of identities fresh when the call that changed them could not.
//!
//! A change is in the catalog before it is in the table. Should its call fail in between, or be given up by its caller,
//! a deleted key would still open doors: so a task of its own follows the catalog and tries until the table is right.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tracing::error;

use crate::directory::LiveDirectory;
use crate::metrics::IdentityMetrics;

/// Between attempts: short at first, because an old key may be open meanwhile.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The task; it ends when this is dropped.
pub(crate) struct Follower(AbortHandle);

impl Follower {
    pub(crate) fn start(live: Arc<LiveDirectory>, metrics: IdentityMetrics) -> Follower {
        Follower(tokio::spawn(follow(live, metrics)).abort_handle())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn follow(live: Arc<LiveDirectory>, metrics: IdentityMetrics) {
    let mut version = live.version();
    // A change between the first reading and here must not be missed.
    version.mark_changed();
    while version.changed().await.is_ok() {
        let mut pause = PAUSE_MIN;
        while let Err(error) = live.refresh().await {
            metrics.refresh_failed();
            error!(error = &error as &dyn std::error::Error, "identities could not be read anew");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}
