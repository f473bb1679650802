//! The parts a gateway is made of, and its routes.

use std::sync::Arc;

use axum::routing::{any, get, post};
use axum::{Router, middleware};
use catalog::Catalog;
use host::metrics::Metrics;
use host::{Clock, Random, Shutdown};
use identity::{Identity, Vault};
use journal::Writer;
use outbound::Outbound;
use query::{Admission, Engine, Tables};
use store::Store;

use crate::alerting::Alerting;
use crate::config::Config;
use crate::limits::Limits;
use crate::log_service::{self, Consumers};
use crate::metrics::GatewayMetrics;
use crate::self_audit::{Auditor, TailMemory};
use crate::{alert_page, ask, events, health, rpc, signin};

/// What a gateway needs; all of it is shared with the rest of the node.
pub struct Parts {
    /// Takes events.
    pub writer: Writer,
    /// Finds them.
    pub store: Store,
    /// Trails, buckets, accounts.
    pub catalog: Catalog,
    /// Who calls and what they may.
    pub identity: Identity,
    /// Seals the settings of buckets.
    pub vault: Vault,
    /// Tries buckets.
    pub outbound: Outbound,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub random: Arc<dyn Random>,
    /// Counted here and shown on `/metrics`.
    pub metrics: Metrics,
    /// Ends waiting tails, makes `/readyz` say no, and waits for the last audit events.
    pub shutdown: Shutdown,
    /// Queries of logs at once, shared with the other ways to ask.
    pub admission: Admission,
    /// Answers the SQL part of a query; `None` in a build without SQL.
    pub engine: Option<Arc<dyn Engine>>,
    /// What an account may ask about in SQL.
    pub tables: Arc<dyn Tables>,
    /// Runs alert rules and sends; `None` where a node does not.
    pub alerting: Option<Arc<dyn Alerting>>,
    /// What the operator set.
    pub config: Config,
}

/// A running gateway, shared by its requests.
pub struct Gateway {
    pub(crate) writer: Writer,
    pub(crate) store: Store,
    pub(crate) catalog: Catalog,
    pub(crate) identity: Identity,
    pub(crate) vault: Vault,
    pub(crate) outbound: Outbound,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) registry: Metrics,
    pub(crate) shutdown: Shutdown,
    pub(crate) admission: Admission,
    pub(crate) engine: Option<Arc<dyn Engine>>,
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) alerting: Option<Arc<dyn Alerting>>,
    pub(crate) config: Config,
    pub(crate) limits: Limits,
    pub(crate) metrics: GatewayMetrics,
    pub(crate) auditor: Auditor,
    pub(crate) tails: TailMemory,
    pub(crate) consumers: Consumers,
}

impl Gateway {
    /// The routes. The server puts a [`crate::Peer`] into each request's extensions, and drops the router when it has
    /// answered the last request.
    ///
    /// Must be called within a Tokio runtime: the task that writes audit events starts here.
    pub fn router(parts: Parts) -> Router {
        let metrics = GatewayMetrics::register(&parts.metrics);
        let queue_max = parts.config.audit_queue_max;
        metrics.show_audit(&parts.metrics, queue_max);
        let limits = Limits::new(&parts.config);
        limits.show(&parts.metrics);
        let auditor = Auditor::start(parts.writer.clone(), queue_max, &parts.shutdown, metrics.clone());
        let gateway = Gateway {
            limits,
            writer: parts.writer,
            store: parts.store,
            catalog: parts.catalog,
            identity: parts.identity,
            vault: parts.vault,
            outbound: parts.outbound,
            clock: parts.clock,
            random: parts.random,
            registry: parts.metrics,
            shutdown: parts.shutdown,
            admission: parts.admission,
            engine: parts.engine,
            tables: parts.tables,
            alerting: parts.alerting,
            config: parts.config,
            metrics,
            auditor,
            tails: TailMemory::default(),
            consumers: Consumers::default(),
        };
        // A change goes on when its client has hung up; the journal must not stop before it is recorded.
        let (begun, idle) = (gateway.shutdown.clone(), gateway.limits.idle());
        gateway.shutdown.spawn("requests", async move {
            begun.begun().await;
            idle.await;
        });
        let gateway = Arc::new(gateway);
        Router::new()
            .route("/", any(rpc::answer))
            .route("/v1/events", get(events::get::answer).post(events::put::answer).fallback(rpc::unsupported_method))
            .route("/v1/query", post(ask::answer).fallback(rpc::unsupported_method))
            .route("/v1/signin", post(signin::answer).fallback(rpc::unsupported_method))
            .route("/alerts/detail", get(alert_page::answer).fallback(rpc::unsupported_method))
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(health::metrics))
            .route("/docs/operations", get(health::operations))
            .fallback(rpc::unknown_path)
            .layer(middleware::from_fn_with_state(gateway.clone(), log_service::divert))
            .with_state(gateway)
    }
}
