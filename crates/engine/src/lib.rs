//! SQL over Logstores and events, on DataFusion.

#[cfg(feature = "warehouse")]
pub mod warehouse;
