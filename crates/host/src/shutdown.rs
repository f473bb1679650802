//! Orderly shutdown: tasks are told to stop, finish their tick, and are waited for by name.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

type NamedTask = (String, JoinHandle<()>);

/// Hands out the stop signal and remembers the tasks that wait for it.
#[derive(Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: Arc<Mutex<Vec<NamedTask>>>,
}

impl Shutdown {
    /// Nothing registered, not stopping.
    pub fn new() -> Self {
        Shutdown::default()
    }

    /// Resolves once stopping has begun.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Whether stopping has begun.
    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Runs a task that ends by itself soon after [`Shutdown::begun`] resolves.
    pub fn spawn(&self, name: impl Into<String>, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task);
        let mut tasks = self.tasks.lock();
        tasks.retain(|(_, task)| !task.is_finished());
        tasks.push((name.into(), handle));
    }

    /// Tells every task to stop, without waiting.
    pub fn begin(&self) {
        self.token.cancel();
    }

    /// Tells every task to stop and waits for each, `patience` in all. Late ones are named and dropped.
    pub async fn finish(&self, patience: Duration) {
        self.begin();
        let deadline = tokio::time::Instant::now() + patience;
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for (name, task) in tasks {
            match tokio::time::timeout_at(deadline, task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(task = name, %error, "task ended badly"),
                Err(_) => warn!(task = name, "task did not stop in time"),
            }
        }
    }
}
