//! Tables seen from outside: appended to, interrupted, merged, on folders and on a real S3 server.

mod appending;
mod scene;
