//! Simple Log Service on the wire, for whoever serves it and whoever calls it.
//!
//! Requests are signed in one of three ways ([`signature`]), logs travel as protobuf ([`message`]), compressed or not
//! ([`compression`]), a place in a shard is a [`Cursor`], and a failure has a code and a text ([`Fault`]). Nothing here
//! opens a connection or knows an account: the gateway serves with it, `outbound` calls with it.

pub mod compression;
mod cursor;
pub mod fault;
pub mod message;
pub mod signature;

pub use compression::{Compression, CompressionError};
pub use cursor::{Cursor, CursorError};
pub use fault::{Fault, FaultCode};
pub use message::{Content, Log, LogGroup, LogGroupList, LogTag};
pub use signature::{Claim, Credentials, Scheme, SignatureFault, Signed, Unsigned};
