//! The client's own files: profiles, import states, refused events.
//!
//! Plain files of a person's machine; no journal depends on them, which is why they do not go through `host::Disk`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

/// The whole of a small file; `None` when there is none.
#[allow(clippy::disallowed_methods, reason = "a client's own file")]
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
    }
}

/// Replaces a file that only its owner may read, in one step, and creates the folders above it.
#[allow(clippy::disallowed_methods, reason = "a client's own file")]
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().ok_or_else(|| anyhow!("{} is not a file", path.display()))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.writing", std::process::id()));
    let temporary = folder.join(name);
    let write = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("could not write {}", path.display()))
}

/// Opens a file for appending after its first `keep` bytes.
pub(crate) fn append_after(path: &Path, keep: u64) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    file.set_len(keep.min(file.metadata()?.len()))?;
    Ok(file)
}

/// `$XDG_CONFIG_HOME/cairn`, usually `~/.config/cairn`.
pub(crate) fn config_folder() -> anyhow::Result<PathBuf> {
    folder("XDG_CONFIG_HOME", ".config")
}

/// `$XDG_STATE_HOME/cairn`, usually `~/.local/state/cairn`.
pub(crate) fn state_folder() -> anyhow::Result<PathBuf> {
    folder("XDG_STATE_HOME", ".local/state")
}

fn folder(variable: &str, below_home: &str) -> anyhow::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set(variable).or_else(|| set("HOME").map(|home| home.join(below_home)));
    base.map(|base| base.join("cairn")).ok_or_else(|| anyhow!("neither {variable} nor HOME is set"))
}
