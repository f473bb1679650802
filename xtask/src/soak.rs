//! `cargo xtask soak`: builds the release binary and the program that loads it, and runs the latter.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{command, install};

/// `arguments` are those of the soak: `--minutes`, `--rate`, `--load`, `--seed`.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let s3_server = install::s3_server(workspace)?;
    command::run(workspace.cargo().args(["build", "--release", "--package", "cairn", "--package", "bench"]))?;
    let built = workspace.target().join("release");
    let mut soak = Command::new(built.join("bench"));
    soak.current_dir(workspace.root()).arg("soak").arg("--cairn").arg(built.join("cairn"));
    command::run(soak.arg("--s3-server").arg(s3_server).args(arguments))
}
