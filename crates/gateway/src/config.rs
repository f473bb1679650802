//! What an operator may set about the gateway. The defaults suit one machine of a few cores.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use model::limits::{HISTORY_DAYS_DEFAULT, TRAILS_PER_REGION_DEFAULT};
use serde::{Deserialize, Deserializer};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The gateway's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How far back lookups reach; `None` means everything.
    #[serde(skip)]
    pub history: Option<Duration>,
    /// Whether `account=from-event` creates the accounts it does not know.
    pub create_accounts: bool,
    /// Addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// LookupEvents and `GET /v1/events` calls per second and account; 0 means no limit. ActionTrail's own is 2.
    pub lookups_per_second: u32,
    /// Requests in work at once; one more is told to try again.
    pub requests_max: usize,
    /// Lookups that read at once; others wait their turn.
    pub lookups_at_once: usize,
    /// Bytes of `POST /v1/events` bodies in memory at once; one more is told to try again.
    pub ingest_bytes_max: usize,
    /// Seconds a request's body may take to arrive.
    pub body_seconds_max: u64,
    /// Audit events of reading calls that may wait to be written; beyond it such calls are refused, not left out.
    pub audit_queue_max: usize,
    /// Delivery history jobs of an account that are not finished; one more is refused. ActionTrail's own is 1.
    pub unfinished_jobs_max: usize,
    /// Trails of an account and home region.
    pub trails_per_region_max: usize,
    /// Names of this node as Log Service's endpoint; what stands before one of them is a project.
    pub log_service_hosts: Vec<String>,
    /// Whether links to alerts show them to whoever has the link. Set with the rest of alerting.
    #[serde(skip, default = "yes")]
    pub detail_links: bool,
    /// What one query of logs may cost.
    #[serde(skip, default = "query_limits")]
    pub query_limits: query::Limits,
}

fn yes() -> bool {
    true
}

/// Log Service's own time and rows.
fn query_limits() -> query::Limits {
    query::Limits { time: Duration::from_secs(55), rows: 1_000_000, scanned_bytes: 64 << 30, memory_bytes: 256 << 20 }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            history: Some(DAY * HISTORY_DAYS_DEFAULT),
            create_accounts: false,
            trusted_proxies: Vec::new(),
            lookups_per_second: 0,
            requests_max: 1024,
            lookups_at_once: 32,
            // A dozen full compressed requests at once: more than two cores can decode, and bounded memory.
            ingest_bytes_max: 256 << 20,
            body_seconds_max: 60,
            audit_queue_max: 10_000,
            unfinished_jobs_max: 5,
            trails_per_region_max: TRAILS_PER_REGION_DEFAULT,
            log_service_hosts: Vec::new(),
            detail_links: yes(),
            query_limits: query_limits(),
        }
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse_network(text).map_err(serde::de::Error::custom)).collect()
}

/// A network like `10.0.0.0/8`, or one address.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_| address())
        .map_err(|_| format!("trusted_proxies: {text:?} is no address; write 10.0.0.1 or 10.0.0.0/8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_taken_and_errors_name_the_value() {
        let config: Config =
            serde_json::from_str(r#"{"trusted_proxies":["10.0.0.0/8","192.168.1.7","::1"]}"#).expect("valid");
        assert_eq!(config.trusted_proxies.len(), 3);
        let error = serde_json::from_str::<Config>(r#"{"trusted_proxies":["proxy"]}"#).expect_err("no address");
        assert!(error.to_string().contains("\"proxy\""), "{error}");
        assert!(serde_json::from_str::<Config>(r#"{"requests_maximum":1}"#).is_err(), "unknown settings are refused");
    }
}
