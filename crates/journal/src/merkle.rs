//! The Merkle tree over all events, hashed as RFC 6962 says: a leaf is `SHA-256(0x00 ‖ leaf bytes)`, a node is
//! `SHA-256(0x01 ‖ left ‖ right)`.
//!
//! The leaf bytes of an event are `account length (1 byte) ‖ account ‖ received, ms since 1970 (8 bytes, big endian)
//! ‖ the producer's JSON`. So a proof also binds whose event it is and when it was received.

use model::{AccountId, Timestamp};
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The tree's height at which whole subtrees are recorded for ever: 2^8 = 256 leaves.
pub const SUBTREE_HEIGHT: u32 = 8;

/// The hash of an event as a leaf.
pub fn leaf_hash(account: AccountId, received: Timestamp, raw: &[u8]) -> Hash {
    let account = account.as_bytes();
    let mut hasher = Sha256::new();
    hasher.update([0x00, account.len() as u8]);
    hasher.update(account);
    hasher.update(received.0.to_be_bytes());
    hasher.update(raw);
    hasher.finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// A tree that is only appended to, reduced to what further appends need: the roots of its perfect subtrees, largest
/// first. Their sizes are the powers of two of the tree's size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Restores a tree of `size` leaves, or `None` when the number of peaks does not fit the size.
    pub fn restore(size: u64, peaks: Vec<Hash>) -> Option<Frontier> {
        (peaks.len() == size.count_ones() as usize).then_some(Frontier { size, peaks })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf. When it completes a subtree of 2^[`SUBTREE_HEIGHT`] leaves, that subtree's root is returned.
    pub fn push(&mut self, leaf: Hash) -> Option<Hash> {
        let mut hash = leaf;
        let mut completed = None;
        for height in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("a peak for each one bit of the size");
            hash = node_hash(&left, &hash);
            if height + 1 == SUBTREE_HEIGHT {
                completed = Some(hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        completed
    }

    /// The root of the whole tree; of an empty one, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut from_right = self.peaks.iter().rev();
        let Some(smallest) = from_right.next() else {
            return Sha256::digest([]).into();
        };
        from_right.fold(*smallest, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition in RFC 6962 §2.1, written down directly.
    fn definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&definition(&leaves[..split]), &definition(&leaves[split..]))
            }
        }
    }

    fn leaf(n: u32) -> Hash {
        Sha256::digest(n.to_be_bytes()).into()
    }

    #[test]
    fn the_frontier_has_the_root_of_the_definition() {
        let leaves: Vec<Hash> = (0..600).map(leaf).collect();
        let mut frontier = Frontier::default();
        for size in 0..leaves.len() {
            assert_eq!(frontier.root(), definition(&leaves[..size]), "{size} leaves");
            let completed = frontier.push(leaves[size]);
            let expected = ((size + 1) % 256 == 0).then(|| definition(&leaves[size - 255..=size]));
            assert_eq!(completed, expected, "{size} leaves");
            let restored = Frontier::restore(frontier.size(), frontier.peaks().to_vec());
            assert_eq!(restored.as_ref(), Some(&frontier));
        }
    }

    #[test]
    fn known_roots_of_the_certificate_transparency_test_tree() {
        // The eight inputs and roots commonly used by certificate transparency implementations.
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let bytes = |hex: &str| {
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect::<Vec<u8>>()
        };
        let mut frontier = Frontier::default();
        for input in inputs {
            frontier.push(Sha256::digest([&[0][..], &bytes(input)].concat()).into());
        }
        assert_eq!(frontier.root()[..], bytes("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"));
    }
}
