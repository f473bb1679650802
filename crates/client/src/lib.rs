//! What a client needs to speak to a node: request signing and calls.
//!
//! A [`Client`] has an endpoint and, usually, credentials. It calls the operations of `api`'s table by their row and
//! the two REST calls by name, signs each attempt anew (ACS3-HMAC-SHA256), and turns every failure into a
//! [`ClientError`] that keeps the server's code, message and request id. A call is repeated only when doing it twice
//! is the same as doing it once, or when the server said that it did nothing and when to come back.

pub mod acs3;
mod call;
mod client;
mod credentials;
mod endpoint;
mod error;
mod reply;
mod retry;

pub use call::{Encoding, EventsQuery, MediaType};
pub use client::{Client, Now, Settings};
pub use credentials::{Credentials, SecretText};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{ClientError, Refusal};
pub use reply::{EventsPage, LookupPage, PutReply, RefusedEvent, Reply, SeenEvent, Streamed};
pub use retry::Patience;
