//! What is counted: connections, logins that failed, and statements by outcome.

use host::metrics::{Counter, Family, Metrics, Queue};

#[derive(Clone)]
pub(crate) struct PostgresMetrics {
    pub(crate) connections: Queue,
    statements: Family<[(&'static str, &'static str); 1], Counter>,
}

impl PostgresMetrics {
    pub(crate) fn register(metrics: &Metrics, connections_max: usize) -> PostgresMetrics {
        PostgresMetrics {
            connections: metrics.queue("postgres_connections", connections_max),
            statements: metrics.register(
                "postgres_statements",
                "Statements of PostgreSQL clients, by outcome (ok, or failed)",
                Family::default(),
            ),
        }
    }

    pub(crate) fn answered(&self, is_good: bool) {
        let outcome = if is_good { "ok" } else { "failed" };
        self.statements.get_or_create(&[("outcome", outcome)]).inc();
    }
}
