//! The contract with clients, as data: which operations exist, what they take, who may call them, how they fail.
//!
//! One table, [`OPERATIONS`], drives everything the gateway does around a handler: finding it, checking its
//! parameters, deciding, recording the call, and the reference page. [`rest`] holds the calls that are not RPC.
//! Wire shapes of replies and errors are here too, in JSON and XML. Nothing here does I/O or knows a caller.

pub mod arguments;
pub mod catalogue;
pub mod codes;
pub mod error;
pub mod format;
pub mod operation;
pub mod operations;
pub mod param;
pub mod reference;
pub mod reply;
pub mod rest;
mod xml;

pub use arguments::{Arguments, Given};
pub use codes::ErrorCode;
pub use error::{AccessDenied, WireError};
pub use operation::{Access, Operation, Scope, Service, Touched, fill_arn};
pub use operations::{OLDER_OPERATIONS, OPERATIONS, OperationId};
pub use param::{Absent, Kind, Param};
pub use reply::{Format, Success};
