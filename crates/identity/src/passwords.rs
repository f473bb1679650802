//! Passwords: the rules they keep, their hashes, and checking them.
//!
//! A hash is Argon2id's with a salt of its own, and sealed besides: without the master key the catalog does not even
//! give away what could be guessed. Hashing takes tens of milliseconds and 19 MiB, so it runs on blocking threads, two
//! at a time.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::{Identity, ManageError};

/// Hashes at a time: a flood of sign-ins takes at most this many cores and 38 MiB.
const HASHES_MAX: usize = 2;
/// The cost OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
const COST: Cost = Cost { memory_kib: 19_456, passes: 2, lanes: 1 };
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Told apart from everything else that is sealed.
const PURPOSE: &[u8] = b"cairn password hash 1";
/// Longer ones are refused, as in RAM.
const LENGTH_MAX: usize = 32;

/// The account's rules for passwords; RAM's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// Characters at least.
    pub minimum_length: i64,
    /// One of a to z.
    pub require_lowercase: bool,
    /// One of A to Z.
    pub require_uppercase: bool,
    /// One of 0 to 9.
    pub require_numbers: bool,
    /// One that is neither letter nor digit.
    pub require_symbols: bool,
    /// Whether an expired password cannot be used to set a new one.
    pub hard_expiry: bool,
    /// Failed sign-ins within an hour before the next are refused; 0 for no limit.
    pub login_attempts_max: i64,
    /// Days a password may be used; 0 for ever.
    pub age_days_max: i64,
    /// Former passwords that may not come back.
    pub reuse_prevention: i64,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        PasswordPolicy {
            minimum_length: 8,
            require_lowercase: false,
            require_uppercase: false,
            require_numbers: false,
            require_symbols: false,
            hard_expiry: false,
            login_attempts_max: 5,
            age_days_max: 0,
            reuse_prevention: 0,
        }
    }
}

impl PasswordPolicy {
    /// Whether a password keeps the rules.
    pub fn check(&self, password: &str) -> Result<(), ManageError> {
        let length = password.chars().count();
        let least = usize::try_from(self.minimum_length).unwrap_or_default();
        let has = |kind: fn(&char) -> bool| password.chars().any(|c| kind(&c));
        let mut broken = Vec::new();
        if length < least || length > LENGTH_MAX {
            broken.push(format!("{least} to {LENGTH_MAX} characters"));
        }
        for (is_required, is_there, words) in [
            (self.require_lowercase, has(char::is_ascii_lowercase), "a lower-case letter"),
            (self.require_uppercase, has(char::is_ascii_uppercase), "an upper-case letter"),
            (self.require_numbers, has(char::is_ascii_digit), "a digit"),
            (self.require_symbols, has(char::is_ascii_punctuation), "a symbol"),
        ] {
            if is_required && !is_there {
                broken.push(words.to_owned());
            }
        }
        if broken.is_empty() {
            Ok(())
        } else {
            Err(ManageError::WeakPassword { rule: format!("{}.", broken.join(", ")) })
        }
    }
}

/// Bounds how many hashes are computed at a time.
#[derive(Clone)]
pub(crate) struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        Hashing(Arc::new(Semaphore::new(HASHES_MAX)))
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Serialize, Deserialize)]
struct Hash {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Hash {
    fn of(password: &str, salt: &[u8], cost: Cost) -> Option<Hash> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(HASH_BYTES)).ok()?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hash = vec![0; HASH_BYTES];
        argon2.hash_password_into(password.as_bytes(), salt, &mut hash).ok()?;
        Some(Hash { cost, salt: salt.to_vec(), hash })
    }

    fn is_of(&self, password: &str) -> bool {
        let again = Hash::of(password, &self.salt, self.cost);
        again.is_some_and(|again| bool::from(again.hash.ct_eq(&self.hash)))
    }
}

impl Identity {
    /// The sealed hash of a new password.
    pub(crate) async fn hash_password(&self, password: &str) -> Result<Vec<u8>, ManageError> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let password = password.to_owned();
        let hash = self.hashing(move || Hash::of(&password, &salt, COST)).await?;
        let plain = serde_json::to_vec(&hash.ok_or(ManageError::Hashing)?).expect("a hash is numbers");
        Ok(self.vault.seal_for(PURPOSE, &plain))
    }

    /// Whether one of the sealed hashes is of the password. Takes the same time without any.
    pub(crate) async fn is_password(&self, sealed: &[&[u8]], password: &str) -> Result<bool, ManageError> {
        let mut hashes = Vec::with_capacity(sealed.len());
        for sealed in sealed {
            let plain = self.vault.open_for(PURPOSE, sealed).map_err(ManageError::Vault)?;
            hashes.push(serde_json::from_slice::<Hash>(&plain).map_err(|_| ManageError::Hashing)?);
        }
        let password = password.to_owned();
        self.hashing(move || {
            if hashes.is_empty() {
                let _ = Hash::of(&password, &[0; SALT_BYTES], COST);
            }
            hashes.iter().any(|hash| hash.is_of(&password))
        })
        .await
    }

    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ManageError> {
        let place = self.hashing.0.clone().acquire_owned().await.expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| ManageError::Hashing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_password_only() {
        let cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
        let hash = Hash::of("correct horse", b"sixteen bytes ok", cost).expect("a hash");
        assert!(hash.is_of("correct horse"));
        assert!(!hash.is_of("correct horse "));
        let salted = Hash::of("correct horse", b"another sixteen!", cost).expect("a hash");
        assert_ne!(hash.hash, salted.hash);
    }

    #[test]
    fn every_rule_is_named() {
        let all = PasswordPolicy {
            minimum_length: 12,
            require_lowercase: true,
            require_uppercase: true,
            require_numbers: true,
            require_symbols: true,
            ..PasswordPolicy::default()
        };
        all.check("Aa1!Aa1!Aa1!").expect("it keeps every rule");
        for (password, words) in [
            ("Aa1!Aa1!", "12 to 32 characters."),
            ("AA1!AA1!AA1!", "a lower-case letter."),
            ("aa1!aa1!aa1!", "an upper-case letter."),
            ("Aab!Aab!Aab!", "a digit."),
            ("Aa1bAa1bAa1b", "a symbol."),
        ] {
            let refused = all.check(password).expect_err(password).to_string();
            assert!(refused.ends_with(words), "{refused}");
        }
        assert!(PasswordPolicy::default().check(&"x".repeat(33)).is_err());
    }
}
