//! The store of a data folder that no node has open, asked in this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use catalog::Catalog;
use host::metrics::Metrics;
use host::{RealDisk, SystemClock};
use journal::Writer;
use store::{Lookup, Store};

use super::{Answer, Answers};
use crate::{page_cache, process};

/// See the module.
pub(crate) struct InProcess {
    data: PathBuf,
    /// The store and its other half; only away while they are exchanged.
    open: Option<(Store, Writer)>,
}

impl InProcess {
    pub(crate) async fn open(data: &Path) -> Result<InProcess> {
        Ok(InProcess { open: Some(open(data).await?), data: data.to_owned() })
    }

    /// Ends its threads, so that a node can open the folder.
    pub(crate) async fn close(&mut self) -> Result<()> {
        if let Some((store, writer)) = self.open.take() {
            store.shut_down().await;
            tokio::task::spawn_blocking(move || writer.stop()).await.context("the journal's thread panicked")?;
        }
        Ok(())
    }
}

impl Answers for InProcess {
    async fn answer(&mut self, lookup: &Lookup) -> Result<Answer> {
        let (store, _) = self.open.as_ref().context("the store is closed")?;
        let asked = Instant::now();
        // On this thread: nothing else runs here that could be held up.
        let page = store.lookup(lookup)?;
        Ok(Answer { took: asked.elapsed(), found: page.events.len() })
    }

    async fn forget(&mut self) -> Result<()> {
        self.close().await?;
        page_cache::drop_folder(&self.data)?;
        self.open = Some(open(&self.data).await?);
        page_cache::drop_folder(&self.data)
    }

    fn read_bytes(&self) -> Result<u64> {
        process::read_bytes(std::process::id())
    }
}

async fn open(data: &Path) -> Result<(Store, Writer)> {
    let catalog = Catalog::open(&data.join("catalog.sqlite")).await?;
    let (disk, clock, metrics) = (Arc::new(RealDisk), Arc::new(SystemClock), Metrics::default());
    let opened = Store::open(store::Config::default(), data, disk, catalog, clock, &metrics).await;
    opened.context("could not open the store in this process")
}
