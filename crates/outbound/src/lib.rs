//! The only way out: buckets on local folders, S3-compatible servers and OSS, projects of Log Service, and the channels
//! notifications leave by ([`channel`]).
//!
//! One [`Outbound`] per node opens buckets from their URL and settings. A put is one attempt that is durable when it
//! returns; retries belong to the caller, who knows when a failure was. Every failure names the bucket and says which
//! of a few things went wrong, because that text is what the owner of a trail reads. Connections are made only to
//! addresses the egress rules allow, and never follow a redirect.

mod bucket;
pub mod channel;
mod egress;
mod error;
mod examine;
mod exchange;
mod folder;
mod location;
mod log_project;
mod origin;
#[cfg(test)]
mod recording_server;
mod remote;
mod settings;
mod table_folder;
mod table_store;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use host::{Clock, Disk, Random, SystemClock};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

pub use bucket::{Bucket, ObjectInfo};
pub use error::{BucketError, LogError, OutboundError};
pub use examine::{Check, Verdict};
pub use log_project::{LogProject, LogProjectSettings};
pub use settings::{BucketSettings, Encryption, UnknownEncryption};
pub use table_store::TableStore;

use egress::{Egress, GuardedResolver};
use location::Location;

/// To reach a server's port; on a healthy network this takes milliseconds.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Writers at once in one folder. On a file system that hangs, each attempt leaves a stuck thread behind: this ends it.
const FOLDER_WRITERS_MAX: usize = 4;

/// Where connections may go, and how long they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether a bucket may be on this machine's own loopback address. An S3 server beside the node is common; a node
    /// that serves tenants who bring their own bucket URLs should refuse it. Link-local and metadata addresses are
    /// always refused.
    pub allow_loopback: bool,
    /// One whole attempt.
    pub attempt_patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        // The largest object is some megabytes of gzip, so even 1 Mbit/s is enough.
        Config { allow_loopback: true, attempt_patience: Duration::from_secs(60) }
    }
}

/// Opens buckets. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Outbound(Arc<Shared>);

struct Shared {
    egress: Egress,
    http: reqwest::Client,
    disk: Arc<dyn Disk>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    patience: Duration,
    /// Slots per folder, shared by everyone who opens the same one and kept alive by stuck writers.
    folder_slots: Mutex<HashMap<PathBuf, Weak<Semaphore>>>,
}

impl Outbound {
    /// Reads the trusted certificates; opens no connection.
    pub fn new(config: &Config, disk: Arc<dyn Disk>, random: Arc<dyn Random>) -> Result<Outbound, OutboundError> {
        Outbound::with_clock(config, disk, random, Arc::new(SystemClock))
    }

    /// The same with a clock of its own, by which objects are kept.
    pub fn with_clock(
        config: &Config,
        disk: Arc<dyn Disk>,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
    ) -> Result<Outbound, OutboundError> {
        let egress = Egress { allow_loopback: config.allow_loopback, loopback_setting: "outbound.allow_loopback" };
        let http = reqwest::Client::builder()
            .user_agent(concat!("cairn/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(config.attempt_patience)
            // One connection per request in flight: an upload must not queue behind another bucket's.
            .http1_only()
            // A redirect would lead past the egress rules, and a signed request is not valid elsewhere anyway.
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(GuardedResolver { egress }))
            .build()
            .map_err(OutboundError)?;
        let patience = config.attempt_patience;
        let folder_slots = Mutex::default();
        Ok(Outbound(Arc::new(Shared { egress, http, disk, random, clock, patience, folder_slots })))
    }

    /// Opens the bucket at `url`: `file:///absolute/path`, `s3://bucket[/prefix]` or `oss://bucket[/prefix]`.
    ///
    /// Only checks what is written there; nothing is connected. See [`Bucket::check`].
    pub fn open_bucket(&self, url: &str, settings: &BucketSettings) -> Result<Bucket, BucketError> {
        let shared = &self.0;
        let inner = match Location::parse(url)? {
            Location::Folder(root) => bucket::Inner::Folder(folder::Folder::new(
                url.to_owned(),
                root.clone(),
                shared.disk.clone(),
                shared.random.clone(),
                self.folder_slots(root),
                settings.retention_days.map(|days| (days, shared.clock.clone())),
            )),
            Location::Remote(location) => {
                let (http, clock) = (shared.http.clone(), shared.clock.clone());
                bucket::Inner::Remote(remote::Remote::new(&location, settings, shared.egress, http, clock, false)?)
            }
        };
        let asked = examine::Asked { encryption: settings.server_side_encryption, days: settings.retention_days };
        Ok(Bucket::new(url.to_owned(), shared.patience, inner, asked))
    }

    /// Opens a project of Log Service. Only checks the settings; nothing is connected.
    pub fn open_log_project(&self, name: &str, settings: &LogProjectSettings) -> Result<LogProject, LogError> {
        let shared = &self.0;
        LogProject::new(name, settings, shared.egress, shared.http.clone(), shared.clock.clone())
    }

    fn folder_slots(&self, root: PathBuf) -> Arc<Semaphore> {
        let mut all = self.0.folder_slots.lock();
        if let Some(slots) = all.get(&root).and_then(Weak::upgrade) {
            return slots;
        }
        all.retain(|_, slots| slots.strong_count() > 0);
        let slots = Arc::new(Semaphore::new(FOLDER_WRITERS_MAX));
        all.insert(root, Arc::downgrade(&slots));
        slots
    }
}
