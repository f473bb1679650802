//! The real router on the real parts: catalog in memory, identity, journal and store on a temporary folder. Requests
//! are signed as the official clients sign them.

mod alert_records;
mod alert_rules;
mod alerting;
mod asking;
mod audit;
mod bad_calls;
mod bad_events;
mod coverage;
mod delivery_jobs;
mod destinations;
mod engine;
mod inner_trails;
mod log_service;
mod logstores;
mod lookups;
mod node;
mod older;
mod oracle;
mod organization;
mod putting;
mod questions;
mod ram;
mod rest;
mod roles;
mod settings;
mod signin;
mod signing;
mod trails;
mod trouble;
mod wire;
