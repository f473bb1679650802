//! The HTTP server: accepts connections, speaks HTTP/1.1 and HTTP/2 on each, and lets them finish when told to stop.
//!
//! The gateway's router does not know what carries it; it learns the other end's address from [`gateway::Peer`], put
//! into each request here. Connections are bounded, a silent one is closed, and one that fails harms no other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use gateway::Peer;
use host::metrics::Metrics;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::metrics::ConnectionMetrics;
use crate::tls::Tls;

/// For a TLS handshake: a few round trips.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// After a failed accept, which mostly means that file descriptors ran out: connections in work need time to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a request's head, and of what is read of a body at once. Clients of the API need a tenth of it; 4096
/// connections that all send as much and no more take 256 MiB.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Requests at once on one HTTP/2 connection; the specification asks for at least this many.
const STREAMS_MAX: u32 = 100;

/// A running server.
pub(crate) struct Server {
    address: SocketAddr,
    stopping: CancellationToken,
    abandoning: CancellationToken,
    accepting: JoinHandle<GracefulShutdown>,
}

/// What the server takes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections open at once; more wait to be accepted.
    pub(crate) connections: usize,
    /// For a request's head to arrive, and for a connection to stay open without one.
    pub(crate) head_patience: Duration,
}

struct Acceptor {
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    places: Arc<Semaphore>,
    http: Builder<TokioExecutor>,
    abandoning: CancellationToken,
    metrics: ConnectionMetrics,
}

impl Server {
    /// Binds the address. Connections wait in the machine's queue until [`Server::start`].
    pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
        TcpListener::bind(address).await
    }

    /// Starts to answer.
    pub(crate) fn start(
        listener: TcpListener,
        router: Router,
        tls: Option<Arc<Tls>>,
        limits: Limits,
        metrics: &Metrics,
    ) -> std::io::Result<Server> {
        let address = listener.local_addr()?;
        let mut http = Builder::new(TokioExecutor::new());
        let patience = limits.head_patience;
        http.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD_BYTES_MAX);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(patience).max_concurrent_streams(STREAMS_MAX);
        http.http2().max_header_list_size(HEAD_BYTES_MAX as u32);
        let connections_max = limits.connections.min(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(connections_max));
        let metrics = ConnectionMetrics::register(metrics, &places, connections_max);
        let (stopping, abandoning) = (CancellationToken::new(), CancellationToken::new());
        let acceptor = Acceptor { listener, router, tls, places, http, abandoning: abandoning.clone(), metrics };
        let accepting = tokio::spawn(acceptor.run(stopping.clone()));
        Ok(Server { address, stopping, abandoning, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more, lets requests in work finish for `patience`, then drops what is left. Says whether all
    /// finished.
    pub(crate) async fn stop(self, patience: Duration) -> bool {
        self.stopping.cancel();
        let connections = self.accepting.await.expect("the accept loop does not panic and is not cancelled");
        let mut finished = std::pin::pin!(connections.shutdown());
        let in_time = tokio::time::timeout(patience, &mut finished).await.is_ok();
        if !in_time {
            self.abandoning.cancel();
            finished.await;
        }
        in_time
    }
}

impl Acceptor {
    async fn run(self, stopping: CancellationToken) -> GracefulShutdown {
        let connections = GracefulShutdown::new();
        loop {
            let next = async {
                let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
                (self.listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = stopping.cancelled() => return connections,
                next = next => next,
            };
            match accepted {
                Ok((stream, peer)) => self.serve(stream, peer, place, connections.watcher()),
                Err(error) => {
                    warn!(%error, "could not accept a connection");
                    self.metrics.accept_failed();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit, watcher: Watcher) {
        // Answers are written whole; waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let (router, http) = (self.router.clone(), self.http.clone());
        let acceptor = self.tls.as_ref().map(|tls| tls.acceptor());
        let (abandoning, metrics) = (self.abandoning.clone(), self.metrics.clone());
        metrics.accepted();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = attend(stream, peer, acceptor, &http, router, watcher, &metrics) => {}
                () = abandoning.cancelled() => debug!(%peer, "connection dropped"),
            }
        });
    }
}

/// One connection, from its handshake to its end.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    http: &Builder<TokioExecutor>,
    router: Router,
    watcher: Watcher,
    metrics: &ConnectionMetrics,
) {
    // The version is known before the first byte (from the handshake, or 1.1), so that a connection that never sends
    // one falls under the limit for a request's head.
    let Some(acceptor) = acceptor else {
        let peer = Peer { address: peer, secure: false };
        return speak(&http.clone().http1_only(), stream, router, peer, watcher, metrics).await;
    };
    match tokio::time::timeout(HANDSHAKE_PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let http = http.clone();
            let http = if is_http2 { http.http2_only() } else { http.http1_only() };
            speak(&http, stream, router, Peer { address: peer, secure: true }, watcher, metrics).await;
        }
        Ok(Err(error)) => {
            debug!(%peer, %error, "handshake failed");
            metrics.handshake_failed();
        }
        Err(_) => {
            debug!(%peer, "handshake took too long");
            metrics.handshake_failed();
        }
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    http: &Builder<TokioExecutor>,
    stream: S,
    router: Router,
    peer: Peer,
    watcher: Watcher,
    metrics: &ConnectionMetrics,
) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        debug!(peer = %peer.address, %error, "connection ended badly");
        metrics.broke();
    }
}
