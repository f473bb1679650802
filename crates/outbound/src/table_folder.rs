//! A folder of this machine as the object store of tables.
//!
//! Like a bucket's folder, an object is written aside, synced, given its name, and every folder above is synced: so a put
//! that returned stays, and a crash leaves the whole object or none. A put that must not replace gives the name only if
//! nobody has it, also across processes, which is what makes a table's commits atomic. One object is written at a time.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream, StreamExt};
use host::{Clock, Disk};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::bucket::OBJECT_BYTES_MAX;

/// Ends the hidden name of an object that is being written.
const PART_SUFFIX: &str = ".part";
/// How errors name this store.
const STORE: &str = "folder of tables";

/// A folder whose objects are tables.
#[derive(Clone)]
pub(crate) struct TableFolder {
    root: Arc<PathBuf>,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    /// Held while an object gets its name. What lies under its hidden name is then of nobody else.
    naming: Arc<Mutex<()>>,
    slots: Arc<Semaphore>,
}

impl fmt::Debug for TableFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TableFolder").field(&self.root).finish()
    }
}

impl fmt::Display for TableFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STORE} {}", self.root.display())
    }
}

impl TableFolder {
    pub(crate) fn new(root: PathBuf, disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, slots: Arc<Semaphore>) -> TableFolder {
        TableFolder { root: Arc::new(root), disk, clock, naming: Arc::default(), slots }
    }

    /// Runs on a thread that may block, and holds the slot until that is done, also when the caller gave up.
    async fn blocking<T: Send + 'static>(
        &self,
        key: &Path,
        work: impl FnOnce(&TableFolder, &FilePath) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let slot = self.slots.clone().acquire_owned().await.expect("nobody closes the slots");
        let (folder, path) = (self.clone(), self.root.join(key.as_ref()));
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work(&folder, &path)
        });
        done.await?.map_err(|error| classify(key, error))
    }

    fn write(&self, path: &FilePath, payload: &PutPayload, may_replace: bool) -> io::Result<()> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(io::Error::other("the key names no file"));
        };
        let _naming = self.naming.lock();
        // Not made here, so a disk that is not mounted is noticed and not written under.
        self.disk.list(&self.root)?;
        self.disk.create_folder(parent)?;
        let part = parent.join(format!(".{name}{PART_SUFFIX}"));
        match self.disk.remove(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = self.write_part(&part, payload).and_then(|()| match may_replace {
            true => self.disk.rename(&part, path),
            false => self.disk.rename_new(&part, path),
        });
        if let Err(error) = written {
            // The write's own failure is the one to tell; a part that stays is removed by the retry.
            let _ = self.disk.remove(&part);
            return Err(error);
        }
        for folder in parent.ancestors() {
            self.disk.sync_folder(folder)?;
            if folder == self.root.as_path() {
                break;
            }
        }
        Ok(())
    }

    fn write_part(&self, part: &FilePath, payload: &PutPayload) -> io::Result<()> {
        let mut file = self.disk.create(part)?;
        for piece in payload.iter() {
            file.append(piece)?;
        }
        file.sync()
    }

    fn read(&self, path: &FilePath, range: Range<u64>) -> io::Result<Bytes> {
        if range.end - range.start > OBJECT_BYTES_MAX {
            return Err(io::Error::other(format!("more than {OBJECT_BYTES_MAX} bytes were asked for at once")));
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        self.disk.open(path)?.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    }

    fn meta(&self, path: &FilePath) -> io::Result<ObjectMeta> {
        // A folder can be opened like a file, but is no object.
        if self.disk.list(path).is_ok() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let size = self.disk.open(path)?.len()?;
        let modified = match self.disk.modified(path) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.clock.now(),
            known => known?,
        };
        let location = path.strip_prefix(self.root.as_path()).ok().and_then(FilePath::to_str).unwrap_or_default();
        Ok(ObjectMeta {
            location: Path::parse(location).map_err(io::Error::other)?,
            last_modified: DateTime::from_timestamp_millis(modified.0).unwrap_or_default(),
            size,
            e_tag: Some(format!("{}-{size}", modified.0)),
            version: None,
        })
    }

    /// Every object below a folder whose path comes after `offset`, by key. A table's log has thousands of files, of which
    /// a reader wants the last few: the others are not looked at.
    fn collect(&self, folder: &FilePath, offset: &FilePath, found: &mut Vec<ObjectMeta>) -> io::Result<()> {
        let mut paths = match self.disk.list(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            listed => listed?,
        };
        paths.sort();
        for path in paths.into_iter().filter(|path| !is_part(path)) {
            if path.as_path() <= offset && !offset.starts_with(&path) {
                continue;
            }
            match self.disk.list(&path) {
                Ok(_) => self.collect(&path, offset, found)?,
                Err(error) if error.kind() == io::ErrorKind::NotADirectory && path.as_path() <= offset => {}
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => match self.meta(&path) {
                    // Removed since it was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    meta => found.push(meta?),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn collect_one_level(&self, folder: &FilePath) -> io::Result<ListResult> {
        let mut paths = match self.disk.list(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => listed?,
        };
        paths.sort();
        let (mut common_prefixes, mut objects) = (Vec::new(), Vec::new());
        for path in paths.into_iter().filter(|path| !is_part(path)) {
            if self.disk.list(&path).is_ok() {
                let key = path.strip_prefix(self.root.as_path()).ok().and_then(FilePath::to_str).unwrap_or_default();
                common_prefixes.push(Path::parse(key).map_err(io::Error::other)?);
            } else {
                objects.push(self.meta(&path)?);
            }
        }
        Ok(ListResult { common_prefixes, objects })
    }
}

fn is_part(path: &FilePath) -> bool {
    path.to_str().is_none_or(|path| path.ends_with(PART_SUFFIX))
}

fn classify(key: &Path, error: io::Error) -> Error {
    let path = key.to_string();
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path, source: error.into() },
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: error.into() },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::PermissionDenied { path, source: error.into() }
        }
        _ => Error::Generic { store: STORE, source: error.into() },
    }
}

const DONE: PutResult = PutResult { e_tag: None, version: None };

#[async_trait]
impl ObjectStore for TableFolder {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let may_replace = match options.mode {
            PutMode::Overwrite => true,
            PutMode::Create => false,
            PutMode::Update(_) => return Err(not_there("put with PutMode::Update")),
        };
        self.blocking(location, move |folder, path| folder.write(path, &payload, may_replace)).await?;
        Ok(DONE)
    }

    async fn put_multipart_opts(&self, key: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Parts { folder: self.clone(), key: key.clone(), pieces: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let meta = self.blocking(location, |folder, path| folder.meta(path)).await?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            None => 0..meta.size,
            Some(range) => {
                range.as_range(meta.size).map_err(|error| Error::Generic { store: STORE, source: error.into() })?
            }
        };
        let bytes = match options.head {
            true => Bytes::new(),
            false => {
                let range = range.clone();
                self.blocking(location, move |folder, path| folder.read(path, range)).await?
            }
        };
        let payload = GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes: object_store::Attributes::default() })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let folder = self.clone();
        let delete = move |location: Result<Path>| {
            let folder = folder.clone();
            async move {
                let location = location?;
                folder.blocking(&location, |folder, path| folder.disk.remove(path)).await?;
                Ok(location)
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_with_offset(prefix, &Path::default())
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let (folder, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let offset = self.root.join(offset.as_ref());
        let all = async move {
            let collect = move |folder: &TableFolder, path: &FilePath| {
                let mut found = Vec::new();
                folder.collect(path, &offset, &mut found).map(|()| found)
            };
            let found = folder.blocking(&prefix, collect).await;
            stream::iter(match found {
                Ok(found) => found.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        };
        stream::once(all).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        self.blocking(&prefix, |folder, path| folder.collect_one_level(path)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (may_replace, to) = (options.mode == CopyMode::Overwrite, self.root.join(to.as_ref()));
        let copy = move |folder: &TableFolder, path: &FilePath| {
            let size = folder.meta(path)?.size;
            folder.write(&to, &folder.read(path, 0..size)?.into(), may_replace)
        };
        self.blocking(from, copy).await
    }
}

fn not_there(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: STORE.to_owned() }
}

/// An object that comes in parts. They wait in memory: the largest object of a table is a merged file of some 64 MiB.
#[derive(Debug)]
struct Parts {
    folder: TableFolder,
    key: Path,
    pieces: Vec<Bytes>,
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.pieces.extend(data.iter().cloned());
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let payload = PutPayload::from_iter(std::mem::take(&mut self.pieces));
        self.folder.blocking(&self.key, move |folder, path| folder.write(path, &payload, true)).await?;
        Ok(DONE)
    }

    async fn abort(&mut self) -> Result<()> {
        self.pieces.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
