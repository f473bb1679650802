//! Where things are in the repository, and what Cargo and git know about it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command;

/// The repository's root.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// What `cargo metadata` says, as far as we ask.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
    /// `[package.metadata]`.
    pub(crate) metadata: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for an ordinary one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Workspace {
    /// The workspace this program was built in.
    pub(crate) fn find() -> Workspace {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Workspace { root: manifest.parent().expect("xtask is a folder of the workspace").to_owned() }
    }

    /// A workspace elsewhere, for tests of the checks.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Workspace {
        Workspace { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo's target folder: `target`, unless the caller's environment says otherwise.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), |folder| self.root.join(folder))
    }

    /// Programs that only the tests need.
    pub(crate) fn tools(&self) -> PathBuf {
        self.path("target/tools")
    }

    /// The folder of reference data, which lies beside the repository and is not part of it.
    pub(crate) fn shared(&self) -> PathBuf {
        self.path("../shared")
    }

    pub(crate) fn metadata(&self) -> Result<Metadata> {
        let text = command::output(self.cargo().args(["metadata", "--format-version", "1"]))?;
        serde_json::from_str(&text).context("could not read what cargo metadata printed")
    }

    /// Every file that is in git or would be added: what a reviewer sees.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut git = Command::new("git");
        git.current_dir(&self.root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = command::output(&mut git)?;
        let mut files: Vec<String> = listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        files.retain(|path| self.path(path).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Cargo, run in the repository with the settings of the caller.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }
}
