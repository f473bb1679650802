//! Everything configured or remembered about configuration, every cursor, and the manifest of segments.
//!
//! The only crate that holds SQL; one file per noun holds all of that noun's. SQLite in WAL mode with full
//! synchronisation: a call that returned is durable. Writes go through one connection, so they queue instead of
//! finding the database locked; reads have their own. Every query about an account's things takes the account.

mod account_settings;
mod accounts;
mod alert_counts;
mod alert_incidents;
mod alert_rules;
mod alert_silences;
mod alert_states;
mod buckets;
mod consumer_groups;
mod database;
mod delivery;
mod delivery_metrics;
mod error;
mod global_regions;
mod groups;
mod inner_trails;
mod insights;
mod inspect;
mod jobs;
mod keys;
mod log_documents;
mod logins;
mod logstores;
mod manifest;
mod mfa;
mod node;
mod notifications;
mod organization;
mod policies;
mod policy_versions;
mod projects;
mod queries;
mod resource_records;
mod retired;
mod roles;
mod selection;
mod snapshot;
mod tokens;
mod trails;
mod users;

pub use account_settings::AccountSettings;
pub use accounts::Account;
pub use alert_incidents::{HandledIncident, Incident, IncidentChange, IncidentFilter, IncidentStatus};
pub use alert_rules::{AlertRule, AlertRuleId, NewAlertRule};
pub use alert_silences::AlertSilence;
pub use alert_states::{
    AlertChange, AlertRuleState, Applied, EvaluatedRule, HISTORY_LOGSTORE, MergeSetState, QuotaUse,
};
pub use buckets::Bucket;
pub use consumer_groups::{Checkpoint, ConsumerGroup, LogstoreName};
pub use database::Catalog;
pub use delivery::{DeliveryId, DeliveryState, Plan, Undelivered};
pub use delivery_metrics::{MetricPoint, Outcome};
pub use error::CatalogError;
pub use global_regions::GlobalRegion;
pub use groups::{Group, GroupMember};
pub use insights::{AddressList, InsightAddresses};
pub use inspect::{Inspected, InspectedTrail, copy, inspect};
pub use jobs::{Job, JobBatch, JobRegion, JobStatus, NewJob};
pub use keys::AccessKey;
pub use log_documents::{Document, DocumentKind, Documents};
pub use logins::LoginProfile;
pub use logstores::{Logstore, LogstoreNeed, TTL_DAYS_FOR_EVER};
pub use manifest::{Manifest, Segment};
pub use mfa::MfaDevice;
pub use notifications::{
    Attempt, Ended, InboxMessage, Notification, NotificationFilter, NotificationOutcome, OutboxKind, OutboxRow,
};
pub use organization::{
    Delegation, Directory, Folder, Handshake, HandshakeStatus, JoinMethod, Member, MemberKind, NewMember,
};
pub use policies::{Attachment, Holder, HolderKind, Policy, PolicyKind, PolicyRef};
pub use policy_versions::PolicyVersion;
pub use projects::{Project, ProjectKind};
pub use queries::{QueryTemplate, SavedQuery};
pub use resource_records::{NewResourceRecord, Resource, ResourceRecord};
pub use roles::Role;
pub use selection::{Route, RouteInterval, Routes, SelectionVersion, Tenure};
pub use snapshot::Snapshot;
pub use tokens::IngestToken;
pub use trails::NewTrail;
pub use users::User;
