//! A location whose n-th change fails, having happened or not, or that replaces what must be new.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What a failed change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing happened.
    Before,
    /// It happened, and was reported as failed: the answer was lost.
    After,
}

/// Passes everything through, until it is told to fail.
#[derive(Debug)]
pub(crate) struct FailingStore {
    inner: Arc<dyn ObjectStore>,
    /// Changes until one fails; negative: none does.
    left: AtomicI64,
    after: AtomicBool,
    replaces: AtomicBool,
}

impl FailingStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>) -> Arc<FailingStore> {
        Arc::new(FailingStore {
            inner,
            left: AtomicI64::new(-1),
            after: AtomicBool::new(false),
            replaces: AtomicBool::new(false),
        })
    }

    /// The change after `changes` others fails, and none after it.
    pub(crate) fn fail(&self, changes: i64, failure: Failure) {
        self.after.store(failure == Failure::After, Ordering::SeqCst);
        self.left.store(changes, Ordering::SeqCst);
    }

    /// Like a server that does not know `If-None-Match`.
    pub(crate) fn replace(&self) {
        self.replaces.store(true, Ordering::SeqCst);
    }

    /// Whether the failure asked for has been.
    pub(crate) fn has_failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    async fn change<T>(&self, change: impl Future<Output = Result<T>>) -> Result<T> {
        let broken = || Error::Generic { store: "failing", source: "the line was cut".into() };
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            0 if !self.after.load(Ordering::SeqCst) => Err(broken()),
            0 => change.await.and(Err(broken())),
            _ => change.await,
        }
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failing {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let mut options = options;
        if self.replaces.load(Ordering::SeqCst) {
            options.mode = PutMode::Overwrite;
        }
        self.change(self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.change(self.inner.put_multipart_opts(path, options)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
