//! Nonces that were used, each remembered until its request could not be repeated any more.
//!
//! A request is taken when its timestamp is within 15 minutes of our clock, so a nonce is needed until 15 minutes
//! after its timestamp. Memory is bounded: when the table is full, further requests are refused, never forgotten.
//! The table is empty after a start; see docs/gaps.md.

use std::collections::{BTreeMap, HashSet};

use model::Timestamp;
use model::limits::REQUEST_TIME_WINDOW;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// 16 bytes a nonce and as many again for the table: 64 MiB at most, 1,100 requests a second.
const NONCES_MAX: usize = 1 << 20;

type Fingerprint = [u8; 16];

#[derive(Default)]
pub(crate) struct Nonces(Mutex<Table>);

#[derive(Default)]
struct Table {
    used: HashSet<Fingerprint>,
    /// By the minute they may be forgotten in.
    by_minute: BTreeMap<i64, Vec<Fingerprint>>,
}

/// What became of a nonce.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Use {
    First,
    Again,
    TableFull,
}

impl Nonces {
    pub(crate) fn note(&self, access_key_id: &str, nonce: &str, timestamp: Timestamp, now: Timestamp) -> Use {
        let hash = Sha256::new().chain_update(access_key_id).chain_update([0]).chain_update(nonce).finalize();
        let fingerprint: Fingerprint = std::array::from_fn(|index| hash[index]);
        let minute = |at: Timestamp| at.0.div_euclid(60_000);
        let mut table = self.0.lock();
        let kept = table.by_minute.split_off(&minute(now));
        for forgotten in std::mem::replace(&mut table.by_minute, kept).into_values().flatten() {
            table.used.remove(&forgotten);
        }
        if table.used.contains(&fingerprint) {
            return Use::Again;
        }
        if table.used.len() >= NONCES_MAX {
            return Use::TableFull;
        }
        table.used.insert(fingerprint);
        let last_minute = minute(timestamp.plus(REQUEST_TIME_WINDOW)) + 1;
        table.by_minute.entry(last_minute).or_default().push(fingerprint);
        Use::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_per_key_until_its_request_is_too_old() {
        let nonces = Nonces::default();
        let at = |minutes: i64| Timestamp(1_768_465_800_000 + minutes * 60_000);
        assert_eq!(nonces.note("key", "a", at(0), at(0)), Use::First);
        assert_eq!(nonces.note("key", "a", at(0), at(1)), Use::Again);
        assert_eq!(nonces.note("other", "a", at(0), at(1)), Use::First);
        // A timestamp from the future is remembered longer.
        assert_eq!(nonces.note("key", "b", at(15), at(0)), Use::First);
        assert_eq!(nonces.note("key", "b", at(15), at(29)), Use::Again);
        assert_eq!(nonces.note("key", "c", at(40), at(40)), Use::First);
        assert_eq!(nonces.0.lock().used.len(), 1, "the others are forgotten");
    }
}
