//! `cargo xtask bench`: builds the release binary and the program that measures it, installs ClickHouse to measure
//! beside it, and runs the program.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{command, install};

/// `arguments` are those of the `bench` program: `--events`, `--no-clickhouse`, `--json` and so on; with
/// `selection`, `stream-rules`, `alerts` or `queries` before them only that is measured.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let is_in_process = matches!(arguments.first(), Some(&("selection" | "stream-rules" | "alerts")));
    let cairn: &[&str] = if is_in_process { &[] } else { &["--package", "cairn"] };
    command::run(workspace.cargo().args(["build", "--release", "--package", "bench"]).args(cairn))?;
    let built = workspace.target().join("release");
    let mut bench = Command::new(built.join("bench"));
    if let [part @ ("selection" | "stream-rules" | "alerts"), options @ ..] = arguments {
        // In process, and nothing to compare with.
        return command::run(bench.current_dir(workspace.root()).arg(part).args(options));
    }
    bench.current_dir(workspace.root());
    let arguments = match arguments {
        ["queries", options @ ..] => {
            bench.arg("queries");
            options
        }
        all => all,
    };
    bench.arg("--cairn").arg(built.join("cairn"));
    if !arguments.contains(&"--no-clickhouse") {
        bench.arg("--python").arg(install::clickhouse(workspace)?);
    }
    command::run(bench.args(arguments))
}
