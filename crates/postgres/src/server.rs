//! The server: accepts connections, bounds them, and ends those that failed, stand still or outlive the node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use host::metrics::Metrics;
use host::{Clock, Random, Shutdown};
use identity::Identity;
use pgwire::api::auth::StartupHandler;
use pgwire::api::cancel::CancelHandler;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ClientInfo, ErrorHandler, PgWireServerHandlers};
use pgwire::error::PgWireError;
use pgwire::tokio::process_socket;
use query::{Admission, Engine, Limits, Tables};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::ask::Desk;
use crate::cancels::Cancels;
use crate::errors::is_fatal;
use crate::extended::Extended;
use crate::login::Login;
use crate::metrics::PostgresMetrics;
use crate::session::Busy;
use crate::simple::Simple;

/// After a failed accept, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// For a client to read why its connection ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// For a statement in work when the node stops; less than the node gives requests.
const STOP_PATIENCE: Duration = Duration::from_secs(3);
/// How often a connection's statement is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What the server takes on.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Connections open at once; more wait to be accepted.
    pub connections_max: usize,
    /// What one statement may cost.
    pub limits: Limits,
}

/// The certificate in use, asked for at each connection; `None` for a node without one.
pub type TlsSource = Arc<dyn Fn() -> Option<TlsAcceptor> + Send + Sync>;

/// What a server needs; all of it is shared with the rest of the node.
pub struct Parts {
    /// Answers statements.
    pub engine: Arc<dyn Engine>,
    /// Who connects and what they may.
    pub identity: Identity,
    /// What there is to ask about.
    pub tables: Arc<dyn Tables>,
    /// Counts the queries of an account.
    pub admission: Admission,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Secret keys of connections.
    pub random: Arc<dyn Random>,
    /// The certificate.
    pub tls: TlsSource,
    /// Counted here.
    pub metrics: Metrics,
    /// What the operator set.
    pub config: Config,
}

/// Serves PostgreSQL clients.
pub struct Server {
    desk: Arc<Desk>,
    cancels: Arc<Cancels>,
    tls: TlsSource,
    places: Arc<Semaphore>,
    shutdown: Shutdown,
}

/// One connection's handlers.
struct Handlers {
    login: Arc<Login>,
    simple: Arc<Simple>,
    extended: Arc<Extended>,
    cancels: Arc<Cancels>,
    failures: Arc<Failures>,
}

/// Told of each error before the client is.
#[derive(Debug, Default)]
struct Failures(Notify);

impl ErrorHandler for Failures {
    fn on_error<C: ClientInfo>(&self, client: &C, error: &mut PgWireError) {
        debug!(peer = %client.socket_addr(), %error, "a PostgreSQL client is told an error");
        if is_fatal(error) {
            self.0.notify_one();
        }
    }
}

impl PgWireServerHandlers for Handlers {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        self.simple.clone()
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        self.extended.clone()
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        self.login.clone()
    }

    fn error_handler(&self) -> Arc<impl ErrorHandler> {
        self.failures.clone()
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        self.cancels.clone()
    }
}

impl Server {
    /// Starts to answer on the listener. It accepts no more when `shutdown` begins; statements in work may end.
    pub fn start(listener: TcpListener, parts: Parts, shutdown: &Shutdown) {
        let connections_max = parts.config.connections_max.clamp(1, Semaphore::MAX_PERMITS);
        let metrics = PostgresMetrics::register(&parts.metrics, connections_max);
        let desk = Desk {
            engine: parts.engine,
            identity: parts.identity,
            tables: parts.tables,
            admission: parts.admission,
            limits: parts.config.limits,
            clock: parts.clock,
            metrics,
        };
        let server = Server {
            desk: Arc::new(desk),
            cancels: Arc::new(Cancels::new(parts.random)),
            tls: parts.tls,
            places: Arc::new(Semaphore::new(connections_max)),
            shutdown: shutdown.clone(),
        };
        shutdown.spawn("postgres", server.run(listener));
    }

    async fn run(self, listener: TcpListener) {
        loop {
            let next = async {
                let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
                (listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = self.shutdown.begun() => return,
                next = next => next,
            };
            match accepted {
                Ok((stream, peer)) => self.serve(stream, peer, place),
                Err(error) => {
                    warn!(%error, "could not accept a PostgreSQL connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        let busy = Arc::new(Busy::default());
        let failures = Arc::new(Failures::default());
        let handlers = Handlers {
            login: Arc::new(Login::new(self.desk.clone(), self.cancels.clone(), busy.clone())),
            simple: Arc::new(Simple(self.desk.clone())),
            extended: Arc::new(Extended(self.desk.clone())),
            cancels: self.cancels.clone(),
            failures: failures.clone(),
        };
        let (tls, shutdown) = ((self.tls)(), self.shutdown.clone());
        let connections = self.desk.metrics.connections.clone();
        connections.enter(1);
        self.shutdown.spawn("postgres connection", async move {
            tokio::select! {
                ended = process_socket(stream, tls, handlers) => {
                    if let Err(error) = ended {
                        debug!(%peer, %error, "a PostgreSQL connection ended badly");
                    }
                }
                () = farewell(&failures) => {}
                () = overdue(&busy) => warn!(%peer, "a PostgreSQL client takes no rows and was disconnected"),
                () = idle_at_end(&shutdown, &busy) => {}
            }
            connections.leave(1);
            drop(place);
        });
    }
}

/// Resolves a moment after the client was told that its connection ends; it may not stay to see what happens.
async fn farewell(failures: &Failures) {
    failures.0.notified().await;
    tokio::time::sleep(FAREWELL).await;
}

/// Resolves when a statement is long over and its rows are not taken.
async fn overdue(busy: &Busy) {
    while !busy.is_overdue() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Resolves when the node stops and the connection has nothing in work, or has had time to end it.
async fn idle_at_end(shutdown: &Shutdown, busy: &Busy) {
    shutdown.begun().await;
    let patience = tokio::time::Instant::now() + STOP_PATIENCE;
    while busy.is_at_work() && tokio::time::Instant::now() < patience {
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
