//! What to measure: the few options, read by hand.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use model::Timestamp;
use sample::{Config, Generator};

const NAMES: &str = "--cairn, --python, --no-clickhouse, --events, --seed, --batch, --connections, --cold, \
                     --journal-mib, --folder, --json, --only, --rounds";

/// More than the longest journal holds.
const LATER_EVENTS: u64 = 10_000_000;

/// One run's settings.
pub(crate) struct Options {
    /// The binary under test.
    pub(crate) cairn: PathBuf,
    /// A Python that has `chdb`; without it ClickHouse is left out.
    pub(crate) python: Option<PathBuf>,
    pub(crate) events: u64,
    pub(crate) seed: u64,
    /// Events of one request.
    pub(crate) batch: usize,
    pub(crate) connections: usize,
    /// Cold questions of each kind; each costs a restart of whoever answers.
    pub(crate) cold: usize,
    /// How long a journal the node is to read back after `kill -9`.
    pub(crate) journal_bytes: u64,
    /// Where the data folders are made, and removed again.
    pub(crate) folder: PathBuf,
    /// Of the questions to a Logstore only those that have this in their name: for a profiler.
    pub(crate) only: String,
    /// How often each of them is asked, and once before.
    pub(crate) rounds: usize,
    /// Where to write the figures as JSON.
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
        let mut options = Options {
            cairn: "target/release/cairn".into(),
            python: None,
            events: 200_000,
            seed: 1,
            batch: 1000,
            connections: 4,
            cold: 7,
            journal_bytes: 1 << 30,
            folder: std::env::temp_dir(),
            only: String::new(),
            rounds: 15,
            json: None,
        };
        let mut with_clickhouse = true;
        while let Some(name) = arguments.next() {
            if name == "--no-clickhouse" {
                with_clickhouse = false;
                continue;
            }
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            let number = || value.parse::<u64>().with_context(|| format!("{name} {value:?} is not a number"));
            match name.as_str() {
                "--cairn" => options.cairn = value.into(),
                "--python" => options.python = Some(value.into()),
                "--events" => options.events = number()?.max(1000),
                "--seed" => options.seed = number()?,
                "--batch" => options.batch = number()?.clamp(1, 5000) as usize,
                "--connections" => options.connections = number()?.clamp(1, 64) as usize,
                "--cold" => options.cold = number()?.min(50) as usize,
                "--journal-mib" => options.journal_bytes = number()?.clamp(1, 8192) << 20,
                "--folder" => options.folder = value.into(),
                "--only" => options.only = value,
                "--rounds" => options.rounds = number()?.clamp(1, 100_000) as usize,
                "--json" => options.json = Some(value.into()),
                other => bail!("{other} is not an option; use {NAMES}"),
            }
        }
        options.python = options.python.filter(|_| with_clickhouse);
        Ok(options)
    }

    /// The events of this run, from the first one on, always the same.
    pub(crate) fn generator(&self) -> Generator {
        Generator::new(self.seed, &self.sample())
    }

    /// Other events than the run's, later than all of them. At their own pace: at that of a short run, many events
    /// would lie in the future, which a node refuses.
    pub(crate) fn later_generator(&self) -> Generator {
        let (start, end) = self.span();
        let length = end.since(start);
        let later = Config { start: end, end: end.plus(length), events: LATER_EVENTS, ..self.sample() };
        Generator::new(self.seed.wrapping_add(1 << 32), &later)
    }

    /// Twenty accounts over thirty days in the past.
    pub(crate) fn sample(&self) -> Config {
        Config { events: self.events, ..Config::default() }
    }

    /// The time the events span.
    pub(crate) fn span(&self) -> (Timestamp, Timestamp) {
        let sample = self.sample();
        (sample.start, sample.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        let parse = |text: &str| Options::parse(text.split_whitespace().map(str::to_owned));
        let options = parse("--events 5000 --seed 7 --json out.json --python p").expect("valid");
        assert_eq!((options.events, options.seed, options.connections), (5000, 7, 4));
        assert_eq!(options.python, Some("p".into()));
        for without in ["--events 5000", "--python p --no-clickhouse --events 5000", "--no-clickhouse --python p"] {
            assert_eq!(parse(without).expect("valid").python, None, "{without}");
        }
        let (_, end) = options.span();
        let (_, later) = options.later_generator().next_event();
        assert!(later.contains(&format!(r#""eventTime":"{end}""#)) && later != options.generator().next_event().1);
        for wrong in ["--events", "--events many", "--evnets 5"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
