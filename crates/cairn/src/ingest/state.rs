//! How far an import got, file by file, so that the next run goes on from there.
//!
//! One small file per source and target under the state folder (`~/.local/state/cairn/import`). It counts events that
//! the node acknowledged, in their order; a run that is cut off between an acknowledgement and this file puts some
//! events again, which the node knows by their `eventId`. A source whose beginning has changed is another source.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::files;

/// The beginning of a file that tells it from another: enough to span several events.
const FINGERPRINT_BYTES: u64 = 16 * 1024;

/// What is known about a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The source, for people who look into the file.
    pub(crate) source: PathBuf,
    /// Its size when this was written.
    pub(crate) source_bytes: u64,
    /// How many bytes of its beginning the fingerprint covers, and their SHA-256.
    fingerprint_bytes: u64,
    fingerprint: String,
    /// Events the node has answered for, from the beginning.
    pub(crate) acknowledged: u64,
    /// Of these, new ones.
    pub(crate) accepted: u64,
    /// Of these, known ones.
    pub(crate) duplicates: u64,
    /// Of these, refused ones.
    pub(crate) refused: u64,
    /// The length of the report of refused events.
    pub(crate) refused_bytes: u64,
    /// By how much events were moved in time.
    pub(crate) shift_milliseconds: Option<i64>,
    /// Whether the source was read to its end.
    pub(crate) complete: bool,
}

/// A state and the file it is kept in.
pub(crate) struct StateFile {
    path: PathBuf,
    pub(crate) state: State,
}

impl StateFile {
    /// The state of a source at a target (endpoint, key, account): what an earlier run left, or a fresh one.
    pub(crate) fn load(folder: &Path, target: &str, source: &Path, source_bytes: u64) -> anyhow::Result<StateFile> {
        let absolute = std::fs::canonicalize(source).with_context(|| format!("could not read {}", source.display()))?;
        let mut name = Sha256::new();
        name.update(target.as_bytes());
        name.update([0]);
        name.update(absolute.as_os_str().as_encoded_bytes());
        let path = folder.join(format!("{}.json", &hex::encode(name.finalize())[..32]));
        let saved: Option<State> = files::read(&path)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let (fingerprint_bytes, print) = fingerprint(source, FINGERPRINT_BYTES)?;
        let is_the_same = |state: &State| {
            let known = state.fingerprint_bytes;
            known <= fingerprint_bytes
                && state.source_bytes <= source_bytes
                && fingerprint(source, known).is_ok_and(|(_, print)| print == state.fingerprint)
        };
        let mut state = saved.filter(is_the_same).unwrap_or_default();
        // A file that grew since it was read to its end has more to give.
        state.complete &= state.source_bytes == source_bytes;
        state.source = absolute;
        state.source_bytes = source_bytes;
        state.fingerprint_bytes = fingerprint_bytes;
        state.fingerprint = print;
        Ok(StateFile { path, state })
    }

    /// Forgets what earlier runs did.
    pub(crate) fn restart(&mut self) {
        let State { source, source_bytes, fingerprint_bytes, fingerprint, .. } = std::mem::take(&mut self.state);
        self.state = State { source, source_bytes, fingerprint_bytes, fingerprint, ..State::default() };
    }

    /// Where a report goes that cannot lie beside its source.
    pub(crate) fn report_path(&self) -> PathBuf {
        self.path.with_extension("refused.ndjson")
    }

    /// Writes it.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        files::write_private(&self.path, &serde_json::to_vec_pretty(&self.state)?)
    }
}

fn fingerprint(source: &Path, bytes_max: u64) -> anyhow::Result<(u64, String)> {
    let read = || {
        let mut beginning = Vec::new();
        std::fs::File::open(source)?.take(bytes_max).read_to_end(&mut beginning)?;
        std::io::Result::Ok(beginning)
    };
    let beginning = read().with_context(|| format!("could not read {}", source.display()))?;
    Ok((beginning.len() as u64, hex::encode(Sha256::digest(&beginning))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test makes its files")]
    fn goes_on_where_it_was_unless_the_file_or_the_target_is_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let (states, source) = (folder.path().join("states"), folder.path().join("events.ndjson"));
        std::fs::write(&source, b"{\"a\":1}\n").expect("written");
        let load = |target: &str| {
            let bytes = std::fs::metadata(&source).expect("there").len();
            StateFile::load(&states, target, &source, bytes).expect("readable")
        };
        let mut first = load("one");
        assert_eq!(first.state.acknowledged, 0);
        first.state.acknowledged = 1;
        first.state.complete = true;
        first.save().expect("written");
        assert_eq!((load("one").state.acknowledged, load("one").state.complete), (1, true));
        assert_eq!(load("two").state.acknowledged, 0, "another target has seen nothing");

        std::fs::write(&source, b"{\"a\":1}\n{\"b\":2}\n").expect("written");
        assert_eq!((load("one").state.acknowledged, load("one").state.complete), (1, false), "it grew");
        std::fs::write(&source, b"{\"c\":1}\n{\"b\":2}\n").expect("written");
        assert_eq!(load("one").state.acknowledged, 0, "it is another file");
    }
}
