//! Pauses between attempts: doubling, bounded, and scattered so that trails that failed together do not return
//! together.

use std::time::Duration;

use host::Random;

/// The failures in a row so far.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It worked.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure: between half and all of `min * 2^failures`, at most `max`.
    pub(crate) fn next(&mut self, min: Duration, max: Duration, random: &dyn Random) -> Duration {
        let full = min.saturating_mul(2_u32.saturating_pow(self.failures)).min(max);
        self.failures = self.failures.saturating_add(1);
        let mut chance = [0];
        random.fill(&mut chance);
        full.mul_f64(0.5 + f64::from(chance[0]) / 510.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Always(u8);

    impl Random for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn doubles_to_the_limit_and_scatters_below_it() {
        let (min, max) = (Duration::from_secs(1), Duration::from_secs(300));
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..11).map(|_| backoff.next(min, max, &Always(255)).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        backoff.reset();
        assert_eq!(backoff.next(min, max, &Always(0)), Duration::from_millis(500));
    }
}
