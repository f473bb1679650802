//! How long, how much, and with what.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process;

/// The settings of a soak.
pub(super) struct Options {
    pub(super) cairn: PathBuf,
    pub(super) s3_server: PathBuf,
    pub(super) duration: Duration,
    /// Events a second; a share of the full rate when it is not given.
    pub(super) rate: Option<f64>,
    pub(super) load: f64,
    pub(super) seed: u64,
    pub(super) batch: u64,
    pub(super) connections: usize,
}

impl Options {
    pub(super) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
        let mut options = Options {
            cairn: "target/release/cairn".into(),
            s3_server: "target/tools/bin/s3s-fs".into(),
            duration: Duration::from_secs(30 * 60),
            rate: None,
            load: 0.5,
            seed: 1,
            batch: 1000,
            connections: 4,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            let number = || value.parse::<f64>().with_context(|| format!("{name} {value:?} is not a number"));
            match name.as_str() {
                "--cairn" => options.cairn = value.into(),
                "--s3-server" => options.s3_server = value.into(),
                "--minutes" => options.duration = Duration::from_secs_f64(number()?.clamp(1.0, 10_000.0) * 60.0),
                "--rate" => options.rate = Some(number()?.max(1.0)),
                "--load" => options.load = number()?,
                "--seed" => options.seed = number()? as u64,
                other => bail!("{other} is not an option; use --minutes, --rate, --load, --seed, --cairn, --s3-server"),
            }
        }
        ensure!(options.load > 0.0 && options.load <= 1.0, "--load is a share of the full rate, above 0 and up to 1");
        Ok(options)
    }

    /// A fifth of the run, so that events are removed most of the time.
    pub(super) fn history(&self) -> Duration {
        (self.duration / 5).max(Duration::from_secs(60))
    }

    /// What is about to happen, for the head of the report.
    pub(super) fn headline(&self, full: Option<f64>, rate: f64) -> String {
        let full = full.map(|full| format!("{full:.0} events/s at full rate; ")).unwrap_or_default();
        format!(
            "{}\n{full}{rate:.0} events/s for {:.0} min, a history of {:.0} s, two trails, lookups all the time",
            process::machine(),
            self.duration.as_secs_f64() / 60.0,
            self.history().as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let parse = |text: &str| Options::parse(text.split_whitespace().map(str::to_owned));
        let options = parse("--minutes 3 --load 0.25 --seed 9").expect("valid");
        assert_eq!((options.duration.as_secs(), options.load, options.seed, options.rate), (180, 0.25, 9, None));
        assert_eq!(options.history(), Duration::from_secs(60));
        assert_eq!(parse("--rate 5000").expect("valid").rate, Some(5000.0));
        for wrong in ["--minutes", "--minutes long", "--laod 1", "--load 0", "--load 2"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
