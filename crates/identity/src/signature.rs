//! The two signature schemes: what a request claims, and what it should have signed.

pub(crate) mod acs3;
pub(crate) mod legacy;

use model::Timestamp;

use crate::AuthError;

/// What a signed request says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) access_key_id: String,
    pub(crate) signature: String,
    pub(crate) nonce: String,
    pub(crate) timestamp: Timestamp,
    pub(crate) security_token: Option<String>,
    pub(crate) string_to_sign: String,
    pub(crate) scheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Acs3,
    Legacy,
}

impl Claim {
    /// The signature that belongs to the string to sign.
    pub(crate) fn expected(&self, secret: &str) -> String {
        match self.scheme {
            Scheme::Acs3 => acs3::sign(secret, &self.string_to_sign),
            Scheme::Legacy => legacy::sign(secret, &self.string_to_sign),
        }
    }
}

fn timestamp(value: &str) -> Result<Timestamp, AuthError> {
    Timestamp::parse(value).map_err(|error| AuthError::IllegalTimestamp { value: error.value })
}

#[cfg(test)]
mod tests;
