//! `cargo xtask bench`: builds the release binary and the program that measures it, and runs the latter.

use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::workspace::Workspace;

/// `arguments` are those of the `bench` program: `--events`, `--seed`, `--json` and so on.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    command::run(workspace.cargo().args(["build", "--release", "--package", "cairn", "--package", "bench"]))?;
    let built = workspace.target().join("release");
    let mut bench = Command::new(built.join("bench"));
    bench.current_dir(workspace.root()).arg("--cairn").arg(built.join("cairn")).args(arguments);
    command::run(&mut bench)
}
