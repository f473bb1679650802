//! Made-up audit events in ActionTrail's shape: for a first look at Cairn, for tests and for measurements.
//!
//! The same seed and configuration give the same events, byte for byte, on every machine. Who acts is skewed as in
//! life (a few users do most, a few resources are touched most); ids, request ids and temporary keys are unique.
//! Nothing here is anyone's data: names, keys and addresses are drawn from the seed, addresses from the ranges kept
//! for documentation and private networks.

mod call;
mod cast;
mod config;
mod generator;
mod json;
mod random;
mod services;
mod signin;
mod zipf;

pub use config::{Config, account_ids};
pub use generator::Generator;
