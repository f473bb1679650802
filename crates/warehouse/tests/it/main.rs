//! Tables seen from outside: appended to, interrupted, merged, on folders and on a real S3 server.

mod appending;
mod failing_store;
mod interrupted;
mod s3;
mod scene;
#[path = "../../../outbound/tests/it/server.rs"]
#[allow(dead_code, reason = "shared with the tests of outbound, which use all of it")]
mod server;
mod upkeep;
