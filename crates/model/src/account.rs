//! Account ids: the tenant an event, a key or a trail belongs to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest account id we take. Alibaba Cloud uses 16 digits, AWS 12; twenty leaves room.
pub const ACCOUNT_ID_DIGITS_MAX: usize = 20;

/// An account id: 1 to 20 decimal digits, kept as text because a leading zero is part of it.
///
/// `Copy`, so the hot path never allocates for it. The order is that of the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId {
    // Unused digits are zero bytes, so the derived order is the order of the text.
    digits: [u8; ACCOUNT_ID_DIGITS_MAX],
    len: u8,
}

/// The text is not an account id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not an account id; use 1 to {ACCOUNT_ID_DIGITS_MAX} decimal digits")]
pub struct InvalidAccountId {
    /// What was given, cut to 64 characters.
    pub value: String,
}

impl AccountId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id's digits as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        if bytes.is_empty() || bytes.len() > ACCOUNT_ID_DIGITS_MAX || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(InvalidAccountId { value: text.chars().take(64).collect() });
        }
        let mut digits = [0; ACCOUNT_ID_DIGITS_MAX];
        digits[..bytes.len()].copy_from_slice(bytes);
        Ok(AccountId { digits, len: bytes.len() as u8 })
    }
}

impl TryFrom<String> for AccountId {
    type Error = InvalidAccountId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_digits_only_and_keeps_leading_zeros() {
        let id: AccountId = "012345678901".parse().expect("valid");
        assert_eq!(id.as_str(), "012345678901");
        for bad in ["", "12a", "123456789012345678901", "1 2", "١٢"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad:?}");
        }
    }
}
