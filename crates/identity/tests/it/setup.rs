//! An identity whose clock stands still, with one key of known secret.

use std::sync::Arc;

use catalog::{AccessKey, Catalog};
use host::metrics::Metrics;
use host::{ManualClock, OsRandom};
use identity::{Context, Identity, MasterKeySource, Vault};
use model::{AccountId, Timestamp};

pub(crate) struct Setup {
    pub(crate) identity: Identity,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: tempfile::TempDir,
}

impl Setup {
    /// The same data folder and clock, read anew.
    pub(crate) async fn restarted(self) -> Setup {
        let (catalog, clock) = (self.catalog.clone(), self.clock.clone());
        let opening = Identity::new(catalog, vault(&self.folder), clock, Arc::new(OsRandom), &Metrics::default()).await;
        Setup { identity: opening.unwrap(), ..self }
    }
}

pub(crate) fn account() -> AccountId {
    "1234567890123456".parse().unwrap()
}

pub(crate) async fn setup(now: &str, key: &str, secret: &str) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let vault = vault(&folder);
    let clock = Arc::new(ManualClock::at(Timestamp::parse(now).unwrap()));
    catalog.account_create(account(), "test", true, Timestamp(0)).await.unwrap();
    let key = AccessKey {
        id: key.to_owned(),
        account: account(),
        user: None,
        sealed_secret: vault.seal(secret.as_bytes()),
        active: true,
        created: Timestamp(0),
    };
    catalog.key_create(&key, 9).await.unwrap();
    let identity =
        Identity::new(catalog.clone(), vault, clock.clone(), Arc::new(OsRandom), &Metrics::default()).await.unwrap();
    Setup { identity, catalog, clock, folder }
}

pub(crate) fn vault(folder: &tempfile::TempDir) -> Vault {
    let data = folder.path().join("data");
    Vault::load(MasterKeySource { env: None, file: None, data_folder: &data }).unwrap().0
}

pub(crate) fn context() -> Context {
    Context { source_ip: "192.0.2.7".parse().ok(), now: Timestamp(0), secure_transport: false }
}
