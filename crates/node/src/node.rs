//! A node: its parts built bottom up, run, and stopped top down.
//!
//! Nothing here is process-wide, so two nodes can run in one process on two folders. What is acknowledged is durable
//! before it is acknowledged; a stop that is cut short, or no stop at all, therefore loses nothing of it.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use delivery::{Buckets, Delivery, IdentityRoles};
use gateway::Gateway;
use host::{FolderLock, Shutdown};
use journal::Writer;
use model::Seq;
use outbound::channel::ChannelsError;
use outbound::{Outbound, OutboundError};
use query::{Admission, Engine, Tables};
use store::{OpenError, Store};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::config::Config;
use crate::foundation::{self, FirstKey, Foundation, FoundationError};
use crate::parts;
use crate::server::Server;
use crate::tables::NodeTables;
use crate::tls::{Tls, TlsError};

/// For requests in work when a node stops.
const REQUESTS_PATIENCE: Duration = Duration::from_secs(4);
/// For delivery to finish the object it writes, and alerting the message it sends.
const READERS_PATIENCE: Duration = Duration::from_secs(3);
/// For the last audit events. The three together leave a second of ten for the journal and the catalog.
const AUDIT_PATIENCE: Duration = Duration::from_secs(2);

/// The node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Foundation(#[from] FoundationError),
    /// The certificate cannot be used.
    #[error("could not set up HTTPS")]
    Tls(#[from] TlsError),
    /// The address is taken, or is not this machine's.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The machine's words.
        #[source]
        source: std::io::Error,
    },
    /// The threads of the SQL engine could not be started.
    #[error("could not start the SQL engine")]
    Sql(#[source] std::io::Error),
    /// The ways notifications go could not be set up.
    #[error("could not set up alerting")]
    Alerting(#[from] ChannelsError),
    /// The client for buckets could not be set up.
    #[error("could not set up the way to the buckets")]
    Outbound(#[from] OutboundError),
    /// The events could not be read back.
    #[error("could not open the events in {folder}")]
    Store {
        /// The data folder.
        folder: String,
        /// Why.
        #[source]
        source: OpenError,
    },
}

/// Starts nodes.
pub struct Node;

/// A node that answers. Dropped without [`RunningNode::stop`], its tasks go on until the runtime ends.
pub struct RunningNode {
    server: Server,
    tls: Option<Arc<Tls>>,
    first_key: Option<FirstKey>,
    postgres: Option<SocketAddr>,
    gateway_shutdown: Shutdown,
    postgres_shutdown: Shutdown,
    delivery_shutdown: Shutdown,
    alerting_shutdown: Shutdown,
    store: Store,
    writer: Writer,
    catalog: Catalog,
    lock: FolderLock,
}

impl Node {
    /// Builds the parts bottom up, reads the journal back, and starts to answer.
    pub async fn start(config: &Config) -> Result<RunningNode, StartError> {
        let tls = read_tls(config).await?;
        // First, as an address that is taken should be found out before anything is opened or read back.
        let address = config.listen;
        let listener = Server::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        #[cfg(feature = "sql")]
        let postgres_listener = crate::sql::bind(config).await?;
        let foundation = foundation::lay(config).await?;
        let Foundation { clock, random, disk, metrics, data, catalog, vault, identity, .. } = &foundation;
        let outbound = Outbound::new(&parts::outbound(config), disk.clone(), random.clone())?;
        let opening =
            Store::open(parts::store(config), data, disk.clone(), catalog.clone(), clock.clone(), metrics).await;
        let (store, writer) =
            opening.map_err(|source| StartError::Store { folder: data.display().to_string(), source })?;
        let first_key = foundation.first_key().await?;

        let delivery_shutdown = Shutdown::new();
        #[cfg(feature = "warehouse")]
        let warehouse = crate::warehouse::NodeWarehouse::new(config, &foundation, &outbound);
        #[cfg(not(feature = "warehouse"))]
        let warehouse = ();
        start_delivery(config, &foundation, &store, writer.committed(), &outbound, &warehouse, &delivery_shutdown);

        let (gateway_shutdown, postgres_shutdown) = (Shutdown::new(), Shutdown::new());
        let asking = asking(config, &foundation, &store, warehouse)?;
        let alerting_shutdown = Shutdown::new();
        let alerting = crate::alerting::start(config, &foundation, &store, &writer, &asking, &alerting_shutdown)?;
        let router = Gateway::router(gateway::Parts {
            writer: writer.clone(),
            store: store.clone(),
            catalog: catalog.clone(),
            identity: identity.clone(),
            vault: vault.clone(),
            outbound,
            clock: clock.clone(),
            random: random.clone(),
            metrics: metrics.clone(),
            shutdown: gateway_shutdown.clone(),
            admission: asking.admission.clone(),
            engine: asking.engine.clone(),
            tables: asking.tables.clone(),
            alerting: Some(alerting),
            config: parts::gateway(config),
        });
        let started_seconds = clock.now().0 as f64 / 1000.0;
        crate::metrics::register(metrics, data.clone(), tls.clone(), started_seconds);
        let server = Server::start(listener, router, tls.clone(), parts::server(config), metrics)
            .map_err(|source| StartError::Listen { address, source })?;
        #[cfg(feature = "sql")]
        let postgres =
            crate::sql::serve(postgres_listener, config, &foundation, asking, tls.clone(), &postgres_shutdown);
        #[cfg(not(feature = "sql"))]
        let postgres = None;
        info!(address = %server.address(), data = %data.display(), "ready");
        let Foundation { catalog, lock, .. } = foundation;
        Ok(RunningNode {
            server,
            tls,
            first_key,
            postgres,
            gateway_shutdown,
            postgres_shutdown,
            delivery_shutdown,
            alerting_shutdown,
            store,
            writer,
            catalog,
            lock,
        })
    }
}

impl RunningNode {
    /// The address it listens on, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The address PostgreSQL clients find, when they are served.
    pub fn postgres_address(&self) -> Option<SocketAddr> {
        self.postgres
    }

    /// What a client on this machine calls it.
    pub fn endpoint(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let mut address = self.address();
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("{scheme}://{address}")
    }

    /// The management account's key, when this start made it. Given once.
    pub fn take_first_key(&mut self) -> Option<FirstKey> {
        self.first_key.take()
    }

    /// Resolves with the reason when the journal takes no more: the node should then be stopped and started again.
    pub fn failed(&self) -> impl Future<Output = String> + use<> {
        let mut failed = self.writer.failed();
        async move {
            match failed.wait_for(Option::is_some).await {
                Ok(reason) => reason.clone().unwrap_or_default(),
                // The journal's thread is gone, and with it the sender.
                Err(_) => "the journal's thread ended".into(),
            }
        }
    }

    /// Reads the certificate and its key again, for new connections. When they cannot be used, the old ones stay.
    pub async fn reload_certificate(&self) -> Result<(), TlsError> {
        match &self.tls {
            Some(tls) => tls.reload().await,
            None => Ok(()),
        }
    }

    /// Stops top down within ten seconds: no new requests, the last answers, delivery and alerting, audit events, store,
    /// journal, catalog.
    pub async fn stop(self) {
        info!("stopping");
        // First, so that waiting tails end and load balancers look elsewhere.
        self.gateway_shutdown.begin();
        self.postgres_shutdown.begin();
        let statements = self.postgres_shutdown.finish(REQUESTS_PATIENCE);
        let (in_time, ()) = tokio::join!(self.server.stop(REQUESTS_PATIENCE), statements);
        if !in_time {
            warn!("some requests did not finish in time");
        }
        // Both begin before either is waited for: what alerting sends and delivery writes goes on side by side.
        tokio::join!(self.delivery_shutdown.finish(READERS_PATIENCE), self.alerting_shutdown.finish(READERS_PATIENCE));
        self.gateway_shutdown.finish(AUDIT_PATIENCE).await;
        self.store.shut_down().await;
        let writer = self.writer;
        if tokio::task::spawn_blocking(move || writer.stop()).await.is_err() {
            warn!("the journal did not stop in order");
        }
        self.catalog.close().await;
        drop(self.lock);
        info!("stopped");
    }
}

/// The warehouse, in a build that has one.
#[cfg(feature = "warehouse")]
pub(crate) type BuiltWarehouse = crate::warehouse::NodeWarehouse;
#[cfg(not(feature = "warehouse"))]
pub(crate) type BuiltWarehouse = ();

/// Whatever answers queries, for all who let people ask.
pub(crate) struct Asking {
    /// Absent in a build without SQL.
    pub(crate) engine: Option<Arc<dyn Engine>>,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) admission: Admission,
}

fn asking(
    config: &Config,
    foundation: &Foundation,
    store: &Store,
    warehouse: BuiltWarehouse,
) -> Result<Asking, StartError> {
    #[cfg(feature = "sql")]
    let engine = Some(crate::sql::engine(
        store,
        #[cfg(feature = "warehouse")]
        &warehouse,
    )?);
    #[cfg(not(feature = "sql"))]
    let (engine, _) = (None, store);
    let tables = Arc::new(NodeTables {
        catalog: foundation.catalog.clone(),
        clock: foundation.clock.clone(),
        history: config.history.days,
        warehouse,
    });
    Ok(Asking { engine, tables, admission: Admission::new(config.query.per_account) })
}

fn start_delivery(
    config: &Config,
    foundation: &Foundation,
    store: &Store,
    committed: watch::Receiver<Seq>,
    outbound: &Outbound,
    warehouse: &BuiltWarehouse,
    shutdown: &Shutdown,
) {
    let Foundation { catalog, vault, identity, clock, random, .. } = foundation;
    #[cfg(feature = "warehouse")]
    shutdown.spawn("warehouse upkeep", warehouse.clone().run(shutdown.clone()));
    #[cfg(feature = "warehouse")]
    let tables: Option<Arc<dyn delivery::Tables>> = Some(Arc::new(warehouse.clone()));
    #[cfg(not(feature = "warehouse"))]
    let (tables, ()) = (None, *warehouse);
    let vault = vault.clone();
    let unseal = Arc::new(move |sealed: &[u8]| vault.open(sealed).map_err(delivery::UnsealError::from));
    let roles = Arc::new(IdentityRoles::new(identity.clone(), clock.clone()));
    let parts = delivery::Parts {
        catalog: catalog.clone(),
        source: Arc::new(store.clone()),
        destinations: Arc::new(Buckets::new(catalog.clone(), unseal, outbound.clone()).with_roles(roles)),
        tables,
        committed,
        clock: clock.clone(),
        random: random.clone(),
    };
    Delivery::start(parts, crate::parts::delivery(config), &foundation.metrics, shutdown);
}

async fn read_tls(config: &Config) -> Result<Option<Arc<Tls>>, TlsError> {
    let tls = &config.tls;
    if tls.certificate.as_os_str().is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Tls::read(Path::new(&tls.certificate), Path::new(&tls.key)).await?)))
}
