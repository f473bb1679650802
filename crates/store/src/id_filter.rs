//! A filter over all event ids: says at once that an id is new, which nearly every id is.
//!
//! A blocked Bloom filter: an id sets eight bits within one 64-byte block, so a question costs one cache line. With
//! twelve bits an id about one new id in two hundred is taken for a known one; the store then looks properly. Memory:
//! 3 bytes for each event kept, at most. It is not written to disk: a start fills it from the segments' id tables,
//! which hold 40 bits of each hash; so only those count here.

const BITS_PER_ID: usize = 12;
const BLOCK_WORDS: usize = 8;
/// The first filter's capacity; each further one is twice the one before.
const CAPACITY_MIN: usize = 1 << 20;

/// Grows by adding filters, so nothing is ever rehashed.
pub(crate) struct IdFilter {
    layers: Vec<Layer>,
}

struct Layer {
    blocks: Vec<[u64; BLOCK_WORDS]>,
    ids: usize,
    capacity: usize,
}

impl IdFilter {
    /// A filter that will hold `expected` ids, and as many again, in its first layer.
    pub(crate) fn for_ids(expected: usize) -> IdFilter {
        IdFilter { layers: vec![Layer::with_capacity((expected * 2).max(CAPACITY_MIN))] }
    }

    /// Whether the id may have been inserted; `false` is certain.
    pub(crate) fn may_contain(&self, hash: u64) -> bool {
        self.layers.iter().any(|layer| layer.may_contain(hash))
    }

    pub(crate) fn insert(&mut self, hash: u64) {
        let last = self.layers.last_mut().expect("there is always a layer");
        if last.ids < last.capacity {
            return last.insert(hash);
        }
        let mut next = Layer::with_capacity(last.capacity * 2);
        next.insert(hash);
        self.layers.push(next);
    }
}

impl Layer {
    fn with_capacity(capacity: usize) -> Layer {
        let blocks = (capacity * BITS_PER_ID).div_ceil(BLOCK_WORDS * 64).next_power_of_two();
        Layer { blocks: vec![[0; BLOCK_WORDS]; blocks], ids: 0, capacity }
    }

    fn block(&self, mixed: u64) -> usize {
        (mixed >> 32) as usize & (self.blocks.len() - 1)
    }

    fn may_contain(&self, hash: u64) -> bool {
        let mixed = mix(hash);
        let block = &self.blocks[self.block(mixed)];
        masks(mixed).enumerate().all(|(word, mask)| block[word] & mask != 0)
    }

    fn insert(&mut self, hash: u64) {
        let mixed = mix(hash);
        let index = self.block(mixed);
        for (word, mask) in masks(mixed).enumerate() {
            self.blocks[index][word] |= mask;
        }
        self.ids += 1;
    }
}

/// Spreads the upper 40 bits of a hash over all 64.
fn mix(hash: u64) -> u64 {
    let mixed = (hash >> 24).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// One bit in each of a block's words, from bits that do not choose the block.
fn masks(mixed: u64) -> impl Iterator<Item = u64> {
    let bits = (mixed & 0xffff_ffff).wrapping_mul(0x94d0_49bb_1331_11eb);
    (0..BLOCK_WORDS).map(move |word| 1 << (bits >> (word * 6 + 16) & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::id_hash;

    #[test]
    fn forgets_nothing_and_is_rarely_wrong() {
        let account = "1234".parse().unwrap();
        let hash = |n: usize| id_hash(account, &format!("id-{n}"));
        let mut filter = IdFilter::for_ids(0);
        let inserted = CAPACITY_MIN * 2 + CAPACITY_MIN / 2;
        (0..inserted).for_each(|n| filter.insert(hash(n)));
        assert!(filter.layers.len() > 1, "it grew");
        assert!((0..inserted).all(|n| filter.may_contain(hash(n))));
        let wrong = (inserted..inserted + 100_000).filter(|n| filter.may_contain(hash(*n))).count();
        assert!(wrong < 2_000, "{wrong} of 100000 new ids were taken for known ones");
    }
}
