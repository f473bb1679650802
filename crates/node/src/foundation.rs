//! What a node stands on: the locked data folder, the catalog, the vault and the identities in it.
//!
//! Enough for `cairn init`, which makes the first account without starting anything; and the first half of a start.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::{Catalog, CatalogError};
use host::metrics::Metrics;
use host::{Clock, Disk, FolderLock, FolderLockError, OsRandom, Random, RealDisk, Secret, SystemClock};
use identity::{Identity, MasterKeySource, NewKey, Vault};
use model::AccountId;
use tracing::{info, warn};

use crate::config::Config;

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FoundationError {
    /// The folder could not be made.
    #[error("could not create the data folder {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The disk's words.
        #[source]
        source: std::io::Error,
    },
    /// Another node has it.
    #[error(transparent)]
    Lock(#[from] FolderLockError),
    /// The catalog could not be opened.
    #[error("could not open the catalog {}", path.display())]
    Catalog {
        /// Its file.
        path: PathBuf,
        /// Why.
        #[source]
        source: CatalogError,
    },
    /// The master key is missing, or another one.
    #[error("could not open the vault")]
    Vault(#[source] identity::VaultError),
    /// The identities could not be read, or the first one not made.
    #[error("could not set up the accounts")]
    Identity(#[source] identity::ManageError),
    /// Somebody changed the catalog by hand.
    #[error("the catalog holds accounts and none of them is the management account")]
    NoManagement,
}

/// The management account's first key. Its secret is shown once and kept only encrypted.
#[derive(Debug, Clone)]
pub struct FirstKey {
    /// The management account.
    pub account_id: AccountId,
    /// The key's id.
    pub access_key_id: String,
    /// The key's secret.
    pub access_key_secret: Secret<String>,
}

/// The machine and what is configured.
pub(crate) struct Foundation {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) metrics: Metrics,
    /// The data folder, absolute.
    pub(crate) data: PathBuf,
    pub(crate) catalog: Catalog,
    pub(crate) vault: Vault,
    pub(crate) identity: Identity,
    /// Given back last, when nothing writes any more.
    pub(crate) lock: FolderLock,
}

/// Makes the management account and its key in an empty data folder; `None` when it has one already.
pub async fn initialise(config: &Config) -> Result<Option<FirstKey>, FoundationError> {
    let foundation = lay(config).await?;
    let key = foundation.first_key().await;
    foundation.catalog.close().await;
    drop(foundation.lock);
    key
}

/// Makes another key for the management account, for an operator who lost the first. Whoever can do this could read
/// everything in the folder anyway.
pub async fn renew_key(config: &Config) -> Result<FirstKey, FoundationError> {
    let foundation = lay(config).await?;
    let key = match foundation.first_key().await {
        Ok(None) => another_key(&foundation.identity).await,
        Ok(Some(key)) => Ok(key),
        Err(error) => Err(error),
    };
    foundation.catalog.close().await;
    drop(foundation.lock);
    key
}

async fn another_key(identity: &Identity) -> Result<FirstKey, FoundationError> {
    let accounts = identity.list_accounts().await.map_err(FoundationError::Identity)?;
    let management = accounts.iter().find(|account| account.is_management).ok_or(FoundationError::NoManagement)?;
    identity.create_access_key(management.id, None).await.map(shown).map_err(FoundationError::Identity)
}

fn shown(key: NewKey) -> FirstKey {
    FirstKey { account_id: key.account, access_key_id: key.access_key_id, access_key_secret: key.access_key_secret }
}

/// Locks the folder and opens what is in it.
pub(crate) async fn lay(config: &Config) -> Result<Foundation, FoundationError> {
    let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) = (Arc::new(SystemClock), Arc::new(OsRandom));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let metrics = Metrics::default();
    let data = config.data_folder();
    let lock = claim(disk.clone(), data.clone()).await?;
    let vault = open_vault(config, data.clone()).await?;
    let path = data.join("catalog.sqlite");
    let opened = Catalog::open(&path).await;
    let catalog = opened.map_err(|source| FoundationError::Catalog { path, source })?;
    let identity = Identity::new(catalog.clone(), vault.clone(), clock.clone(), random.clone(), &metrics)
        .await
        .map_err(FoundationError::Identity)?;
    Ok(Foundation { clock, random, disk, metrics, data, catalog, vault, identity, lock })
}

impl Foundation {
    /// Makes the management account and its key, unless there are accounts. A start does this last: were it to fail
    /// afterwards, nobody would ever see the key.
    pub(crate) async fn first_key(&self) -> Result<Option<FirstKey>, FoundationError> {
        let key = self.identity.initialise().await.map_err(FoundationError::Identity)?.map(shown);
        if let Some(key) = &key {
            info!(account = %key.account_id, "management account created");
        }
        Ok(key)
    }
}

async fn claim(disk: Arc<dyn Disk>, folder: PathBuf) -> Result<FolderLock, FoundationError> {
    let claiming = move || {
        let made = disk.create_folder(&folder).and_then(|()| sync_names_above(&*disk, &folder));
        made.map_err(|source| FoundationError::Folder { folder: folder.clone(), source })?;
        Ok(FolderLock::take(&folder)?)
    };
    tokio::task::spawn_blocking(claiming).await.expect("claiming does not panic and is not cancelled")
}

/// Whichever folder above is new, its name must last, or a lost power supply takes the data folder along. One that we
/// may not open was not made by us.
fn sync_names_above(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    for above in folder.ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        match disk.sync_folder(above) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
            done => done?,
        }
    }
    Ok(())
}

async fn open_vault(config: &Config, data: PathBuf) -> Result<Vault, FoundationError> {
    let key = config.master_key.clone();
    let file = Some(config.secrets.master_key_file.clone()).filter(|path| !path.as_os_str().is_empty());
    let loading = move || {
        let env = key.as_ref().map(|key| key.expose().as_str());
        Vault::load(MasterKeySource { env, file: file.as_deref(), data_folder: &data })
    };
    let loaded = tokio::task::spawn_blocking(loading).await.expect("loading does not panic and is not cancelled");
    let (vault, warning) = loaded.map_err(FoundationError::Vault)?;
    if let Some(warning) = warning {
        warn!("{warning}");
    }
    Ok(vault)
}
