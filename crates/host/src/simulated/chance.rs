//! Chance that repeats itself: the same seed gives the same numbers.

use parking_lot::Mutex;

use crate::Random;

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.number() % end as u64) as usize }
    }

    /// True so many times in a thousand.
    pub fn per_mille(&mut self, times: u32) -> bool {
        times > 0 && self.below(1000) < times as usize
    }

    /// Another stream, which this one's later use does not change.
    pub fn fork(&mut self) -> Chance {
        Chance(self.number())
    }
}

/// [`Random`] from a seed.
#[derive(Debug)]
pub struct SeededRandom(Mutex<Chance>);

impl SeededRandom {
    /// The bytes of this seed.
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom(Mutex::new(Chance::new(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut chance = self.0.lock();
        bytes.fill_with(|| chance.number() as u8);
    }
}
