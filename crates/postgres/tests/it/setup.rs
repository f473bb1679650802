//! A server on a free port with two accounts, each with a key, and a user who may read one Logstore.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::{AccessKey, Catalog};
use host::metrics::Metrics;
use host::{ManualClock, OsRandom, Shutdown};
use identity::{Identity, MasterKeySource, Vault};
use model::logstore::View;
use model::{AccountId, Timestamp};
use postgres::{Config, Parts, Server};
use query::{Admission, Limits, Source, Table, Tables, TablesError};
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls};

use crate::engine::TestEngine;

pub(crate) const KEY: &str = "LTAI5tAccount";
pub(crate) const SECRET: &str = "secret of the account";
pub(crate) const OTHER_KEY: &str = "LTAI5tOther";
pub(crate) const USER_KEY: &str = "LTAI5tUser";

pub(crate) struct Setup {
    pub(crate) address: SocketAddr,
    pub(crate) identity: Identity,
    pub(crate) shutdown: Shutdown,
    _folder: tempfile::TempDir,
}

pub(crate) fn account() -> AccountId {
    "1234567890123456".parse().unwrap()
}

pub(crate) fn other() -> AccountId {
    "6543210987654321".parse().unwrap()
}

/// Each account has `events` and Logstores; the first has two of one name.
struct TestTables;

#[async_trait]
impl Tables for TestTables {
    async fn tables(&self, account: AccountId) -> Result<Vec<Table>, TablesError> {
        let names: &[&str] = if account == self::account() {
            &["events", "audit.actiontrail_main", "one.same", "two.same"]
        } else {
            &["events", "secret.actiontrail_other"]
        };
        let source = Source::Events(Arc::new(View::of_account(account)));
        Ok(names.iter().map(|name| Table { name: (*name).to_owned(), source: source.clone() }).collect())
    }
}

pub(crate) async fn setup() -> Setup {
    let limits = Limits { time: Duration::from_secs(20), rows: 100_000, scanned_bytes: 1 << 30, memory_bytes: 1 << 26 };
    setup_with(Config { connections_max: 20, limits }).await
}

pub(crate) async fn setup_with(config: Config) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::in_memory().await.unwrap();
    let data = folder.path().join("data");
    let vault = Vault::load(MasterKeySource { env: None, file: None, data_folder: &data }).unwrap().0;
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-01-02T03:04:05Z").unwrap()));
    catalog.account_create(account(), "test", true, Timestamp(0)).await.unwrap();
    catalog.account_create(other(), "other", false, Timestamp(0)).await.unwrap();
    let metrics = Metrics::default();
    let identity =
        Identity::new(catalog.clone(), vault.clone(), clock.clone(), Arc::new(OsRandom), &metrics).await.unwrap();
    identity.create_user(account(), "reader", None, None).await.unwrap();
    for (id, account, user) in
        [(KEY, account(), None), (OTHER_KEY, other(), None), (USER_KEY, account(), Some("reader"))]
    {
        let sealed_secret = vault.seal(SECRET.as_bytes());
        let user = user.map(str::to_owned);
        let key = AccessKey { id: id.to_owned(), account, user, sealed_secret, active: true, created: Timestamp(0) };
        catalog.key_create(&key, 9).await.unwrap();
    }
    let identity = Identity::new(catalog.clone(), vault, clock.clone(), Arc::new(OsRandom), &metrics).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let parts = Parts {
        engine: Arc::new(TestEngine),
        identity: identity.clone(),
        tables: Arc::new(TestTables),
        admission: Admission::new(2),
        clock,
        random: Arc::new(OsRandom),
        tls: Arc::new(|| None),
        metrics,
        config,
    };
    Server::start(listener, parts, &shutdown);
    Setup { address, identity, shutdown, _folder: folder }
}

impl Setup {
    /// A connection, or what the server said.
    pub(crate) async fn try_connect(&self, user: &str, secret: &str, database: &str) -> Result<Client, Refusal> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.address.port()).user(user).password(secret);
        if !database.is_empty() {
            config.dbname(database);
        }
        let (client, connection) = config.connect(NoTls).await.map_err(Refusal::of)?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) async fn connect(&self) -> Client {
        self.try_connect(KEY, SECRET, "").await.unwrap()
    }
}

/// What the server said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) position: Option<u32>,
}

impl Refusal {
    pub(crate) fn of(error: tokio_postgres::Error) -> Refusal {
        let Some(said) = error.as_db_error() else { panic!("not the server's: {error:?}") };
        let position = match said.position() {
            Some(tokio_postgres::error::ErrorPosition::Original(position)) => Some(*position),
            _ => None,
        };
        Refusal { code: said.code().code().to_owned(), message: said.message().to_owned(), position }
    }
}

/// The first column of the first row.
pub(crate) async fn asked(client: &Client, sql: &str) -> Result<String, Refusal> {
    client.query_one(sql, &[]).await.map(|row| row.get(0)).map_err(Refusal::of)
}
