//! The catalog through its public interface, on SQLite in memory and in a file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod alerting;
mod alerting_state;
mod buckets;
mod deliveries;
mod destinations;
mod file;
mod identities;
mod inspect;
mod intervals_model;
mod log_service;
mod logstores;
mod manifest;
mod organizations;
mod questions;
mod ram;
mod samples;
mod trails;
