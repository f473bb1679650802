//! Figures over time: latencies of a window, and the slope of a series with its uncertainty.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What several tasks add up and one reads and empties.
#[derive(Default)]
pub(super) struct Figures(Mutex<Window>);

/// What happened since the last reading.
#[derive(Default, Clone)]
pub(super) struct Window {
    times: Vec<Duration>,
    /// How many things were done.
    pub(super) count: u64,
}

impl Figures {
    pub(super) fn add(&self, took: Duration, count: u64) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.times.push(took);
        window.count += count;
    }

    pub(super) fn take(&self) -> Window {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Window {
    pub(super) fn append(&mut self, mut other: Window) {
        self.times.append(&mut other.times);
        self.count += other.count;
    }

    /// The time that this share of them stayed below, in milliseconds; 0 when there were none.
    pub(super) fn quantile_ms(&mut self, share: f64) -> f64 {
        self.times.sort_unstable();
        let place = ((self.times.len() as f64 * share) as usize).min(self.times.len().saturating_sub(1));
        self.times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

/// How a series goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trend {
    pub(super) mean: f64,
    /// Change per second of the line through the points.
    pub(super) slope: f64,
    /// The slope's standard error.
    pub(super) uncertainty: f64,
}

/// The least-squares line through (seconds, value); `None` for fewer than three points.
pub(super) fn trend(points: &[(f64, f64)]) -> Option<Trend> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean_of = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (at, mean) = (mean_of(|point| point.0), mean_of(|point| point.1));
    let spread: f64 = points.iter().map(|(x, _)| (x - at).powi(2)).sum();
    if spread == 0.0 {
        return None;
    }
    let slope = points.iter().map(|(x, y)| (x - at) * (y - mean)).sum::<f64>() / spread;
    let rest: f64 = points.iter().map(|(x, y)| (y - mean - slope * (x - at)).powi(2)).sum();
    Some(Trend { mean, slope, uncertainty: (rest / (count - 2.0) / spread).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_noise_has_its_uncertainty() {
        let line: Vec<(f64, f64)> = (0..100).map(|n| (f64::from(n), 5.0 + 0.25 * f64::from(n))).collect();
        let found = trend(&line).expect("enough points");
        assert!((found.slope - 0.25).abs() < 1e-9 && found.uncertainty < 1e-9, "{found:?}");
        let zigzag: Vec<(f64, f64)> = (0..100).map(|n| (f64::from(n), f64::from(n % 2) * 100.0)).collect();
        let found = trend(&zigzag).expect("enough points");
        assert!(found.slope.abs() < 2.0 * found.uncertainty, "{found:?}");
        assert_eq!(trend(&line[..2]), None);
    }

    #[test]
    fn a_window_is_read_once() {
        let figures = Figures::default();
        (1..=100).for_each(|ms| figures.add(Duration::from_millis(ms), 10));
        let mut window = figures.take();
        assert_eq!((window.count, window.quantile_ms(0.5), window.quantile_ms(0.99)), (1000, 51.0, 100.0));
        assert_eq!(figures.take().quantile_ms(0.5), 0.0);
    }
}
