//! Skewed choice: the first of `n` is chosen most, the k-th about `k^-skew` as often.
//!
//! One table of running sums, searched by halves. Weighted choice from a table of services uses the same search.

use crate::random::Random;

/// A distribution over `0..n`.
#[derive(Debug, Clone)]
pub(crate) struct Skewed {
    running: Box<[f64]>,
}

impl Skewed {
    /// Zipf's law over `count` (at least 1) choices.
    pub(crate) fn zipf(count: usize, skew: f64) -> Skewed {
        Skewed::weighted((1..=count.max(1)).map(|rank| (rank as f64).powf(-skew)))
    }

    /// Choices by given weights, at least one of them above zero.
    pub(crate) fn weighted(weights: impl Iterator<Item = f64>) -> Skewed {
        let mut sum = 0.0;
        let running = weights.map(|weight| {
            sum += weight;
            sum
        });
        Skewed { running: running.collect() }
    }

    pub(crate) fn choose(&self, random: &mut Random) -> usize {
        let total = self.running.last().copied().unwrap_or_default();
        let drawn = random.unit() * total;
        self.running.partition_point(|&sum| sum <= drawn).min(self.running.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_chosen_most_and_all_are_chosen() {
        let skewed = Skewed::zipf(20, 1.0);
        let mut random = Random::new(3);
        let mut counts = [0_u32; 20];
        for _ in 0..50_000 {
            counts[skewed.choose(&mut random)] += 1;
        }
        assert!(counts[0] > 3 * counts[4] && counts[4] > 2 * counts[19], "{counts:?}");
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    }
}
