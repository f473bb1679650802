//! Nonces that were used, each remembered until its request could not be repeated any more.
//!
//! A request is taken when its timestamp is within 15 minutes of our clock, so a nonce is needed until 15 minutes
//! after its timestamp. Memory is bounded: when there is no room, further requests are refused, never forgotten; and
//! one key cannot take the room of all others. The table is empty after a start; see docs/gaps.md.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::Timestamp;
use model::limits::REQUEST_TIME_WINDOW;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// About 48 bytes a nonce with its place in the tables: 64 MiB at most, 1,100 requests a second for 15 minutes.
const NONCES_MAX: usize = 1 << 20;
/// A key that uses up its quarter is refused, and nobody else.
const NONCES_PER_KEY_MAX: usize = NONCES_MAX / 4;

/// The beginning of a SHA-256: too long to find two by chance, or by trying.
type Fingerprint = [u8; 16];

pub(crate) struct Nonces {
    table: Mutex<Table>,
    all_max: usize,
    per_key_max: usize,
}

#[derive(Default)]
struct Table {
    used: HashSet<Fingerprint>,
    /// How many of them are of which key, by the key's own fingerprint.
    by_key: HashMap<u64, usize>,
    /// By the minute they may be forgotten in, with the key's fingerprint.
    by_minute: BTreeMap<i64, Vec<(Fingerprint, u64)>>,
}

/// What became of a nonce.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Use {
    First,
    Again,
    NoRoom,
}

impl Default for Nonces {
    fn default() -> Self {
        Nonces::with_room(NONCES_MAX, NONCES_PER_KEY_MAX)
    }
}

impl Nonces {
    fn with_room(all_max: usize, per_key_max: usize) -> Self {
        Nonces { table: Mutex::default(), all_max, per_key_max }
    }

    pub(crate) fn note(&self, access_key_id: &str, nonce: &str, timestamp: Timestamp, now: Timestamp) -> Use {
        let hash = Sha256::new().chain_update(access_key_id).chain_update([0]).chain_update(nonce).finalize();
        let fingerprint: Fingerprint = std::array::from_fn(|index| hash[index]);
        let key_hash = Sha256::digest(access_key_id);
        let key = u64::from_le_bytes(std::array::from_fn(|index| key_hash[index]));
        let mut table = self.table.lock();
        table.forget_before(minute(now));
        if table.used.contains(&fingerprint) {
            return Use::Again;
        }
        let of_key = table.by_key.get(&key).copied().unwrap_or(0);
        if table.used.len() >= self.all_max || of_key >= self.per_key_max {
            return Use::NoRoom;
        }
        table.used.insert(fingerprint);
        table.by_key.insert(key, of_key + 1);
        let last_minute = minute(timestamp.plus(REQUEST_TIME_WINDOW)) + 1;
        table.by_minute.entry(last_minute).or_default().push((fingerprint, key));
        Use::First
    }
}

fn minute(at: Timestamp) -> i64 {
    at.0.div_euclid(60_000)
}

impl Table {
    fn forget_before(&mut self, minute: i64) {
        while let Some(first) = self.by_minute.first_entry().filter(|first| *first.key() < minute) {
            for (fingerprint, key) in first.remove() {
                self.used.remove(&fingerprint);
                if let Some(of_key) = self.by_key.get_mut(&key) {
                    *of_key -= 1;
                    if *of_key == 0 {
                        self.by_key.remove(&key);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp(1_768_465_800_000 + minutes * 60_000)
    }

    #[test]
    fn a_nonce_counts_per_key_until_its_request_is_too_old() {
        let nonces = Nonces::default();
        assert_eq!(nonces.note("key", "a", at(0), at(0)), Use::First);
        assert_eq!(nonces.note("key", "a", at(0), at(1)), Use::Again);
        assert_eq!(nonces.note("other", "a", at(0), at(1)), Use::First);
        // A timestamp from the future is remembered longer.
        assert_eq!(nonces.note("key", "b", at(15), at(0)), Use::First);
        assert_eq!(nonces.note("key", "b", at(15), at(29)), Use::Again);
        assert_eq!(nonces.note("key", "c", at(40), at(40)), Use::First);
        let table = nonces.table.lock();
        assert_eq!(
            (table.used.len(), table.by_key.len(), table.by_minute.len()),
            (1, 1, 1),
            "the others are forgotten"
        );
    }

    #[test]
    fn without_room_it_refuses_and_forgets_nothing() {
        let nonces = Nonces::with_room(4, 3);
        for nonce in ["a", "b", "c"] {
            assert_eq!(nonces.note("busy", nonce, at(0), at(0)), Use::First);
        }
        assert_eq!(nonces.note("busy", "d", at(0), at(0)), Use::NoRoom);
        assert_eq!(nonces.note("other", "a", at(0), at(0)), Use::First, "another key has room");
        assert_eq!(nonces.note("third", "a", at(0), at(0)), Use::NoRoom);
        for (key, nonce) in [("busy", "a"), ("busy", "b"), ("busy", "c"), ("other", "a")] {
            assert_eq!(nonces.note(key, nonce, at(0), at(15)), Use::Again, "{key} {nonce}");
        }
        assert_eq!(nonces.note("busy", "d", at(17), at(17)), Use::First, "time made room");
    }
}
