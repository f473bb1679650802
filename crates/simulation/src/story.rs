//! What happened, line by line, so that a failure can be read and two runs of a seed compared.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// The lines so far. Cheap to clone; clones are the same story.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story(Arc<Mutex<Vec<String>>>);

impl Story {
    pub(crate) fn tell(&self, line: String) {
        self.0.lock().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The story's number.
    pub seed: u64,
    /// Which promise, and how.
    pub what: String,
    /// What happened until then.
    pub story: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        write!(f, "just this one: CAIRN_SIMULATION_SEEDS={} cargo nextest run -p simulation chosen_seeds", self.seed)
    }
}
