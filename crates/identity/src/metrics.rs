//! What identity counts.

use host::metrics::{Counter, Family, Metrics};

#[derive(Clone)]
pub(crate) struct IdentityMetrics {
    authentications: Family<[(&'static str, &'static str); 1], Counter>,
    denied: Counter,
    failed_refreshes: Counter,
}

impl IdentityMetrics {
    pub(crate) fn register(metrics: &Metrics) -> IdentityMetrics {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        IdentityMetrics {
            authentications: metrics.register(
                "identity_authentications",
                "Credentials checked, by outcome (ok, or the error's code)",
                Family::default(),
            ),
            denied: counter("identity_denied_calls", "Calls a policy denied, or none allowed"),
            failed_refreshes: counter("identity_failed_refreshes", "Times the table in memory could not be read anew"),
        }
    }

    pub(crate) fn authenticated(&self, refused: Option<&'static str>) {
        self.authentications.get_or_create(&[("outcome", refused.unwrap_or("ok"))]).inc();
    }

    pub(crate) fn call_denied(&self) {
        self.denied.inc();
    }

    pub(crate) fn refresh_failed(&self) {
        self.failed_refreshes.inc();
    }
}
