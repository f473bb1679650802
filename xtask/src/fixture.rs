//! `cargo xtask fixture`: writes the data that tests of upgrades open, with the node as it is now.

use anyhow::Result;

use crate::command;
use crate::workspace::Workspace;

pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "--package", "cairn", "--test", "it", "--", "--ignored", "--exact", "--nocapture"];
    command::run(workspace.cargo().args(arguments).arg("fixture::write_the_kept_data"))
}
