//! Codes of second factors: RFC 6238 with HMAC-SHA1, six digits, a new one every 30 seconds.

use hmac::{Hmac, Mac};
use model::Timestamp;
use sha1::Sha1;

const STEP_SECONDS: i64 = 30;
/// How many steps a device's clock may be ahead or behind.
const DRIFT_STEPS: i64 = 1;
/// Binding takes two codes in a row, which takes a minute to type.
const BINDING_STEPS: i64 = 4;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The 30 seconds a moment lies in.
fn step(now: Timestamp) -> i64 {
    now.0.div_euclid(1000 * STEP_SECONDS)
}

/// The step around now whose code this is.
pub(crate) fn matching_step(seed: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let now = step(now);
    (now - DRIFT_STEPS..=now + DRIFT_STEPS).find(|step| is_code(seed, *step, code))
}

/// The later of two steps in a row whose codes these are.
pub(crate) fn matching_pair(seed: &[u8], first: &str, second: &str, now: Timestamp) -> Option<i64> {
    let now = step(now);
    let pairs = now - BINDING_STEPS..=now + DRIFT_STEPS;
    pairs.map(|step| step + 1).find(|step| is_code(seed, step - 1, first) && is_code(seed, *step, second))
}

fn is_code(seed: &[u8], step: i64, given: &str) -> bool {
    crate::encoding::equal_in_constant_time(&code(seed, step), given)
}

fn code(seed: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(seed).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[digest.len() - 1] & 0x0f);
    let bytes: [u8; 4] = std::array::from_fn(|index| digest[at + index]);
    format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
}

/// The form people type into their device. Whole groups of five bytes only, so nothing is padded.
pub(crate) fn base32(seed: &[u8]) -> String {
    debug_assert!(seed.len().is_multiple_of(5));
    let mut text = String::with_capacity(seed.len() / 5 * 8);
    for group in seed.chunks(5) {
        let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            text.push(char::from(BASE32[(bits >> (place * 5) & 31) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_of_the_standard() {
        let seed = b"12345678901234567890";
        for (seconds, expected) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(code(seed, step(Timestamp(seconds * 1000))), expected, "{seconds}");
        }
        assert_eq!(base32(seed), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_clock_may_be_half_a_minute_off() {
        let seed = b"12345678901234567890";
        let at = |seconds: i64| Timestamp((1_000_000_020 + seconds) * 1000);
        let given = code(seed, step(at(0)));
        for (seconds, fits) in [(0, true), (30, true), (-30, true), (60, false), (-60, false)] {
            assert_eq!(matching_step(seed, &given, at(seconds)).is_some(), fits, "{seconds}");
        }
        let next = code(seed, step(at(0)) + 1);
        assert_eq!(matching_pair(seed, &given, &next, at(30)), Some(step(at(0)) + 1));
        assert_eq!(matching_pair(seed, &next, &given, at(30)), None);
        assert_eq!(matching_pair(seed, &given, &given, at(30)), None);
    }
}
