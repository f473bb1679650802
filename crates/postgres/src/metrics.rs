//! What is counted: connections and statements.

use host::metrics::{Counter, Metrics, Queue};

#[derive(Clone)]
pub(crate) struct PostgresMetrics {
    pub(crate) connections: Queue,
    statements: Counter,
    failed: Counter,
}

impl PostgresMetrics {
    pub(crate) fn register(metrics: &Metrics, connections_max: usize) -> PostgresMetrics {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        PostgresMetrics {
            connections: metrics.queue("postgres_connections", connections_max),
            statements: counter("postgres_statements", "Statements of PostgreSQL clients"),
            failed: counter(
                "postgres_failed_statements",
                "Statements of PostgreSQL clients that gave an error and no rows",
            ),
        }
    }

    pub(crate) fn answered(&self, is_good: bool) {
        self.statements.inc();
        if !is_good {
            self.failed.inc();
        }
    }
}
