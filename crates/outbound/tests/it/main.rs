//! The crate seen from outside: buckets on a folder and on a real S3 server.

mod folder;
mod s3;
mod server;
