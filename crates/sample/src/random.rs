//! A small seeded generator: xoshiro256++ whose state comes from splitmix64.
//!
//! Chance here must repeat exactly from a seed, on every machine and in every later version of this crate, so it is
//! neither `host::Random` (which must not repeat) nor a library whose stream may change.

/// A repeatable stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

/// One step of splitmix64; also a good way to turn a few numbers into one seed.
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        let first = mix(seed);
        let second = mix(first);
        let third = mix(second);
        Random { state: [first, second, third, mix(third)] }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let drawn = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        drawn
    }

    /// A number below `end`, which is at least 1. The bias is below 2^-40 for the small ranges used here.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below((high - low) as usize + 1) as u32
    }

    /// True this many times in a thousand.
    pub(crate) fn per_mille(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of the choices.
    pub(crate) fn one<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Appends `length` characters of `alphabet`.
    pub(crate) fn text(&mut self, out: &mut String, alphabet: &[u8], length: usize) {
        // Ten draws of up to 6 bits from each 64-bit number.
        let mut drawn = 0_u64;
        for position in 0..length {
            if position % 10 == 0 {
                drawn = self.next();
            }
            let low = drawn & 63;
            drawn >>= 6;
            out.push(char::from(alphabet[low as usize * alphabet.len() / 64]));
        }
    }

    /// Appends a GUID, upper case as Alibaba Cloud's request ids are.
    pub(crate) fn guid(&mut self, out: &mut String) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        // Version 4, variant 1.
        let high = self.next() & !0xF000 | 0x4000;
        let low = self.next() & !(0b11 << 62) | (0b10 << 62);
        let bits = u128::from(high) << 64 | u128::from(low);
        for nibble in 0..32 {
            if matches!(nibble, 8 | 12 | 16 | 20) {
                out.push('-');
            }
            out.push(char::from(HEX[(bits >> (124 - 4 * nibble)) as usize & 15]));
        }
    }
}

/// Characters of an access key id or secret.
pub(crate) const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Characters of a resource id.
pub(crate) const LOWER_AND_DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Characters of an account or user id.
pub(crate) const DIGITS: &[u8] = b"0123456789";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_never_changes() {
        let mut random = Random::new(42);
        let drawn: Vec<u64> = (0..3).map(|_| random.next()).collect();
        let mut again = Random::new(42);
        assert_eq!(drawn, (0..3).map(|_| again.next()).collect::<Vec<_>>());
        assert_ne!(drawn, (0..3).map(|_| random.next()).collect::<Vec<_>>());
    }

    #[test]
    fn draws_stay_in_range_and_reach_both_ends() {
        let mut random = Random::new(7);
        let drawn: Vec<u32> = (0..2000).map(|_| random.between(3, 9)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&9));
        let mut text = String::new();
        random.text(&mut text, LETTERS_AND_DIGITS, 4000);
        assert_eq!(text.len(), 4000);
        assert!(text.contains('A') && text.contains('9') && text.contains('z'));
    }

    #[test]
    fn a_guid_has_its_shape() {
        let mut text = String::new();
        Random::new(1).guid(&mut text);
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4', "{text}");
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'A' | b'B'), "{text}");
    }
}
