//! HTTP in, domain calls, replies out: the signed RPC of ActionTrail, RAM and Cairn, and the REST of events.
//!
//! A request goes through the same steps whatever it asks for: collected and numbered (`request`), the caller told
//! (`identity`), the operation found and its arguments checked (`api`'s table), the call decided (`authorize`), done
//! (`operations`, `events`), recorded in the caller's account (`self_audit`) and answered (`reply`). Handlers translate
//! between wire and domain and hold no rules of their own about who may call. Nothing here waits for a reader of the
//! journal; the one thing a changing call waits for is the journal itself.

mod alert_page;
mod alert_records;
mod alerting;
mod ask;
mod authorize;
mod config;
mod events;
mod fault;
mod gateway;
mod health;
mod limits;
mod log_service;
mod lookup_token;
mod metrics;
mod offset_token;
mod operations;
mod reply;
mod request;
mod rpc;
mod search;
mod self_audit;
mod signin;
mod taken;

pub use alerting::{Alerting, AlertingError, Answer, TestMessage};
pub use config::Config;
pub use gateway::{Gateway, Parts};
pub use request::Peer;
