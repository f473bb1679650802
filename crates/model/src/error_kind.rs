//! What sort of failure an error is, so that one table can turn any error into a status.

/// What sort of failure an error is. Each error enum of the product has `kind()`; `api` owns the table to HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong; the same request will fail again.
    Invalid,
    /// The caller is not who it says, or may not do this.
    Denied,
    /// The named thing does not exist (for this caller).
    NotFound,
    /// The request contradicts the present state.
    Conflict,
    /// Too much at once; retry later.
    Throttled,
    /// Something outside us failed (disk full, bucket unreachable); retry later.
    Unavailable,
    /// Stored bytes are not what was written.
    Corrupt,
    /// Our own mistake.
    Bug,
}
