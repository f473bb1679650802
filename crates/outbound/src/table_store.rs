//! Where tables lie: the object store of a folder or bucket, for the one crate that writes tables.
//!
//! The same locations, settings, connections and egress rules as buckets; no other way to give credentials.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;

use crate::location::Location;
use crate::remote::Remote;
use crate::table_folder::TableFolder;
use crate::{BucketError, BucketSettings, Outbound};

/// Where tables lie.
pub type TableStore = Arc<dyn ObjectStore>;

impl Outbound {
    /// Opens a folder, which must exist, for tables.
    pub fn open_table_folder(&self, root: PathBuf) -> TableStore {
        let (shared, slots) = (&self.0, self.folder_slots(root.clone()));
        Arc::new(TableFolder::new(root, shared.disk.clone(), shared.clock.clone(), slots))
    }

    /// Opens `url` (as [`Outbound::open_bucket`] does) for tables. Nothing is connected.
    ///
    /// Settings with retention are refused: a table's files are merged and the old ones removed.
    pub fn open_tables(&self, url: &str, settings: &BucketSettings) -> Result<TableStore, BucketError> {
        if settings.retention_days.is_some() {
            let reason = "tables need a bucket without retention, because their files are merged".to_owned();
            return Err(BucketError::Invalid { bucket: url.to_owned(), reason });
        }
        let shared = &self.0;
        match Location::parse(url)? {
            Location::Folder(root) => Ok(self.open_table_folder(root)),
            Location::Remote(location) => {
                let (http, clock) = (shared.http.clone(), shared.clock.clone());
                Ok(Remote::new(&location, settings, shared.egress, http, clock, true)?.into_tables())
            }
        }
    }
}
