//! The configuration: every setting, read from four places, checked as a whole before anything starts.
//!
//! `config/default.toml` is the manual and the default at once; the structs here have no defaults of their own, so a
//! setting cannot be in one and not in the other. Errors name the setting, where it was set, and the fix. The file's
//! words for an operator become each part's own `Config` in [`crate::parts`].

mod days;
mod environment;
mod shown;
mod table_location;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};
use host::Secret;
use serde::{Deserialize, Serialize};

pub use days::Days;
pub use environment::InvalidVariable;
pub use table_location::TableLocation;

/// The variable that holds the master key.
const MASTER_KEY: &str = "CAIRN_MASTER_KEY";

/// The file that is the manual.
pub const DEFAULT_FILE: &str = include_str!("../../../config/default.toml");

/// Every setting. `config/default.toml` says what each is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the default file is the manual")]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub tls: Tls,
    pub history: History,
    pub ingest: Ingest,
    pub journal: Journal,
    pub store: Store,
    pub delivery: Delivery,
    pub warehouse: Warehouse,
    pub secrets: Secrets,
    pub outbound: Outbound,
    pub alerting: outbound::channel::Settings,
    pub limits: Limits,
    pub query: Query,
    pub postgres: Postgres,
    pub log_service: LogService,
    pub network: Network,
    pub log: Log,
    /// The master key itself, which comes from the environment only: a secret does not belong in this file.
    #[serde(skip)]
    pub master_key: Option<Secret<String>>,
}

macro_rules! sections {
    ($($(#[$doc:meta])* $section:ident { $($setting:ident: $kind:ty),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(missing_docs, reason = "the default file is the manual")]
            pub struct $section { $(pub $setting: $kind),+ }
        )+
    };
}

sections! {
    /// `[tls]`
    Tls { certificate: PathBuf, key: PathBuf }
    /// `[history]`
    History { days: Days }
    /// `[ingest]`
    Ingest { create_accounts: bool, body_bytes: usize, in_flight_bytes: usize }
    /// `[journal]`
    Journal { file_bytes: u64 }
    /// `[store]`
    Store {
        recent_bytes: usize,
        recent_age_seconds: u64,
        cache_bytes: u64,
        column_cache_bytes: u64,
        merge_segments: usize,
        segment_bytes: u64,
    }
    /// `[delivery]`
    Delivery { age_seconds: u64, bytes: usize, retry_max_seconds: u64, jobs: usize }
    /// `[warehouse]`
    Warehouse { location: TableLocation }
    /// `[secrets]`
    Secrets { master_key_file: PathBuf }
    /// `[outbound]`
    Outbound { allow_loopback: bool }
    /// `[limits]`
    Limits {
        connections: usize,
        head_seconds: u64,
        requests: usize,
        lookups_at_once: usize,
        lookups_per_second: u32,
        body_seconds: u64,
        audit_queue: usize,
        delivery_jobs: usize,
        trails_per_region: usize,
    }
    /// `[query]`
    Query { seconds: u64, rows: usize, scanned_bytes: u64, memory_bytes: usize, per_account: usize }
    /// `[postgres]`
    Postgres { listen: String, connections: usize }
    /// `[log_service]`
    LogService { hosts: Vec<String> }
    /// `[network]`
    Network { trusted_proxies: Vec<String> }
    /// `[log]`
    Log { format: LogFormat, level: String }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// What the command line sets.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Flags {
    /// `--data`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// `--listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
}

/// The configuration and where each setting of it comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    sources: Figment,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file of `--config` is not there.
    #[error("there is no configuration file {}", path.display())]
    NoFile {
        /// The path given.
        path: PathBuf,
    },
    /// A variable does not fit its setting.
    #[error(transparent)]
    Variable(#[from] InvalidVariable),
    /// The file or a variable sets something that does not exist, or to something it cannot be.
    #[error("{key}: {reason} (in {place})")]
    Setting {
        /// The setting, for example `history.days`.
        key: String,
        /// What is wrong, with the choices where there are some.
        reason: String,
        /// The file, variable or flag it was set by.
        place: String,
    },
}

impl Config {
    /// The data folder without a slash at its end or a `.` in it: the master key's file is named after it.
    pub fn data_folder(&self) -> PathBuf {
        // Fails only without a current folder; the path as it is then fails where it is used, with a better reason.
        let absolute = std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone());
        absolute.components().collect()
    }
}

impl Loaded {
    /// Puts the configuration together: default file, `file`, `environment`, `flags`; and checks the whole.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &Flags,
    ) -> Result<Loaded, ConfigError> {
        let environment: Vec<(String, String)> = environment.into_iter().collect();
        let master_key = environment.iter().find(|(name, value)| name == MASTER_KEY && !value.is_empty());
        let master_key = master_key.map(|(_, value)| Secret::new(value.clone()));
        let mut sources = Figment::from(Toml::string(DEFAULT_FILE));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(ConfigError::NoFile { path: path.to_owned() });
            }
            sources = sources.merge(Toml::file_exact(path));
        }
        for variable in environment::variables(environment)? {
            sources = sources.merge(variable);
        }
        let flags = figment::providers::Serialized::defaults(flags);
        sources = sources.merge(environment::Named { name: "the command line".into(), inner: flags });
        let mut config: Config = sources.extract().map_err(|error| setting_error(&error))?;
        config.master_key = master_key;
        let loaded = Loaded { config, sources };
        loaded.check()?;
        Ok(loaded)
    }

    /// Rules that a type alone does not say.
    fn check(&self) -> Result<(), ConfigError> {
        let config = &self.config;
        let tls = &config.tls;
        if tls.certificate.as_os_str().is_empty() != tls.key.as_os_str().is_empty() {
            let (missing, given) = match tls.key.as_os_str().is_empty() {
                true => ("tls.key", "tls.certificate"),
                false => ("tls.certificate", "tls.key"),
            };
            return Err(self.refuse(given, format!("{missing} is needed with it; HTTPS takes both")));
        }
        if config.data.as_os_str().is_empty() {
            return Err(self.refuse("data", "a folder is needed".into()));
        }
        if let Err(error) = config.log.level.parse::<tracing_subscriber::filter::EnvFilter>() {
            return Err(self.refuse("log.level", format!("{error}; use error, warn, info, debug or trace")));
        }
        if let Err(error) = config.alerting.check() {
            return Err(self.refuse(&format!("alerting.{}", error.setting), error.reason.to_owned()));
        }
        let postgres = &config.postgres.listen;
        if !postgres.is_empty() && postgres.parse::<SocketAddr>().is_err() {
            let reason = format!("{postgres:?} is no address; write 127.0.0.1:5433, or nothing for none");
            return Err(self.refuse("postgres.listen", reason));
        }
        for text in &config.network.trusted_proxies {
            if crate::parts::network(text).is_none() {
                let reason = format!("{text:?} is no address; write 10.0.0.1 or 10.0.0.0/8");
                return Err(self.refuse("network.trusted_proxies", reason));
            }
        }
        let at_least = [
            // Below these a single full request, or a single event, would never fit.
            ("ingest.body_bytes", config.ingest.body_bytes as u64, model::limits::REQUEST_BYTES_MAX as u64),
            ("ingest.in_flight_bytes", config.ingest.in_flight_bytes as u64, 1 << 20),
            ("journal.file_bytes", config.journal.file_bytes, 1 << 20),
            ("store.recent_bytes", config.store.recent_bytes as u64, 1 << 20),
            ("store.recent_age_seconds", config.store.recent_age_seconds, 1),
            ("store.segment_bytes", config.store.segment_bytes, 1 << 20),
            ("store.merge_segments", config.store.merge_segments as u64, 2),
            ("delivery.age_seconds", config.delivery.age_seconds, 1),
            ("delivery.bytes", config.delivery.bytes as u64, 1024),
            ("delivery.retry_max_seconds", config.delivery.retry_max_seconds, 1),
            ("delivery.jobs", config.delivery.jobs as u64, 1),
            ("limits.connections", config.limits.connections as u64, 1),
            ("limits.head_seconds", config.limits.head_seconds, 1),
            ("limits.requests", config.limits.requests as u64, 1),
            ("limits.lookups_at_once", config.limits.lookups_at_once as u64, 1),
            ("limits.body_seconds", config.limits.body_seconds, 1),
            ("limits.audit_queue", config.limits.audit_queue as u64, 1),
            ("limits.trails_per_region", config.limits.trails_per_region as u64, 1),
            ("query.seconds", config.query.seconds, 1),
            ("query.rows", config.query.rows as u64, 100),
            ("query.scanned_bytes", config.query.scanned_bytes, 1 << 20),
            ("query.memory_bytes", config.query.memory_bytes as u64, 16 << 20),
            ("query.per_account", config.query.per_account as u64, 1),
            ("postgres.connections", config.postgres.connections as u64, 1),
        ];
        match at_least.into_iter().find(|(_, value, min)| value < min) {
            Some((key, value, min)) => Err(self.refuse(key, format!("{value} is too little; at least {min}"))),
            None => Ok(()),
        }
    }

    fn refuse(&self, key: &str, reason: String) -> ConfigError {
        ConfigError::Setting { key: key.into(), reason, place: self.place(key).unwrap_or_default() }
    }

    /// Where a setting was set; `None` for the default.
    fn place(&self, key: &str) -> Option<String> {
        self.sources.find_metadata(key).and_then(place)
    }
}

/// Where a value comes from; `None` for the embedded default.
fn place(metadata: &figment::Metadata) -> Option<String> {
    match &metadata.source {
        Some(figment::Source::File(path)) => Some(path.display().to_string()),
        _ if metadata.name == "TOML source string" => None,
        _ => Some(metadata.name.to_string()),
    }
}

/// The first of the errors, in our words: figment knows the place, but speaks to programmers.
fn setting_error(error: &figment::Error) -> ConfigError {
    let one = error.clone().into_iter().next().unwrap_or_else(|| error.clone());
    let mut key = one.path.clone();
    let reason = match &one.kind {
        figment::error::Kind::UnknownField(field, expected) => {
            if key.last() != Some(field) {
                key.push(field.clone());
            }
            format!("no such setting; there are {}", expected.join(", "))
        }
        kind => kind.to_string(),
    };
    let place = one.metadata.as_ref().and_then(place).unwrap_or_else(|| "the default file".into());
    let key = if key.is_empty() { "configuration".into() } else { key.join(".") };
    ConfigError::Setting { key, reason, place }
}

#[cfg(test)]
mod tests;
