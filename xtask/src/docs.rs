//! `cargo xtask docs`: the reference page of the operations, written from the table that also drives the server.

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

const PAGE: &str = "docs/book/operations.md";

// Chores run on the machine itself: there is no simulated disk to go through.
#[allow(clippy::disallowed_methods)]
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let path = workspace.path(PAGE);
    std::fs::create_dir_all(path.parent().expect("the page lies in a folder"))
        .and_then(|()| std::fs::write(&path, api::reference::operations_markdown()))
        .with_context(|| format!("could not write {PAGE}"))
}

pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let current = std::fs::read_to_string(workspace.path(PAGE)).unwrap_or_default();
    ensure!(
        current == api::reference::operations_markdown(),
        "{PAGE} does not say what the operation table says; run `cargo xtask docs` and commit the page"
    );
    Ok(())
}
