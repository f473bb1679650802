//! SQL: the engine, and the listener for PostgreSQL clients. Only in a build with the feature `sql`.

use std::net::SocketAddr;
use std::sync::Arc;

use engine::SqlEngine;
use host::Shutdown;
use postgres::Server;
use query::Engine;
use store::Store;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::config::{Config, DEFAULT_FILE};
use crate::foundation::Foundation;
use crate::node::{Asking, StartError};
use crate::parts;
use crate::tls::Tls;

/// The engine over the node's events, and its warehouse tables.
pub(crate) fn engine(
    store: &Store,
    #[cfg(feature = "warehouse")] warehouse: &crate::warehouse::NodeWarehouse,
) -> Result<Arc<dyn Engine>, StartError> {
    let engine = SqlEngine::new(store.clone()).map_err(StartError::Sql)?;
    #[cfg(feature = "warehouse")]
    let engine = engine.with_warehouse(Arc::new(warehouse.clone()));
    Ok(Arc::new(engine))
}

/// Binds the address for PostgreSQL clients. `None` when there is to be none, or when the default is taken: nobody who
/// did not ask for it should have a node that does not start.
pub(crate) async fn bind(config: &Config) -> Result<Option<TcpListener>, StartError> {
    let Ok(address) = config.postgres.listen.parse::<SocketAddr>() else { return Ok(None) };
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if is_default(config) => {
            warn!(%address, %error, "PostgreSQL clients are not served: the address is taken; [postgres] listen names another");
            Ok(None)
        }
        Err(source) => Err(StartError::Listen { address, source }),
    }
}

/// Whether the setting is the default file's.
fn is_default(config: &Config) -> bool {
    DEFAULT_FILE.contains(&format!("\nlisten = \"{}\"\n", config.postgres.listen))
}

/// Starts to serve PostgreSQL clients; the address they find.
pub(crate) fn serve(
    listener: Option<TcpListener>,
    config: &Config,
    foundation: &Foundation,
    asking: Asking,
    tls: Option<Arc<Tls>>,
    shutdown: &Shutdown,
) -> Option<SocketAddr> {
    let (listener, engine) = (listener?, asking.engine?);
    let address = listener.local_addr().ok()?;
    let parts = postgres::Parts {
        engine,
        identity: foundation.identity.clone(),
        tables: asking.tables,
        admission: asking.admission,
        clock: foundation.clock.clone(),
        random: foundation.random.clone(),
        tls: Arc::new(move || tls.as_ref().map(|tls| tls.postgres_acceptor())),
        metrics: foundation.metrics.clone(),
        config: postgres::Config { connections_max: config.postgres.connections, limits: parts::query_limits(config) },
    };
    Server::start(listener, parts, shutdown);
    info!(%address, "PostgreSQL clients are served");
    Some(address)
}
