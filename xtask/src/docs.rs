//! `cargo xtask docs`: the reference pages of the operations, written from the table that also drives the server.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

const BOOK: &str = "docs/book";
/// Holds nothing but written pages.
const GROUPS: &str = "docs/book/operations";

// Chores run on the machine itself: there is no simulated disk to go through.
#[allow(clippy::disallowed_methods)]
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let groups = workspace.path(GROUPS);
    std::fs::create_dir_all(&groups).with_context(|| format!("could not create {GROUPS}"))?;
    for stale in present(workspace)?.difference(&wanted(workspace)) {
        std::fs::remove_file(stale).with_context(|| format!("could not remove {}", stale.display()))?;
    }
    for (path, page) in api::reference::book_pages() {
        std::fs::write(workspace.path(BOOK).join(&path), page).with_context(|| format!("could not write {path}"))?;
    }
    Ok(())
}

#[allow(clippy::disallowed_methods)]
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    for (path, page) in api::reference::book_pages() {
        let current = std::fs::read_to_string(workspace.path(BOOK).join(&path)).unwrap_or_default();
        ensure!(
            current == page,
            "{BOOK}/{path} does not say what the operation table says; run `cargo xtask docs` and commit the page"
        );
    }
    let present = present(workspace)?;
    let stale = present.difference(&wanted(workspace)).next().cloned();
    ensure!(stale.is_none(), "{stale:?} is no page of the operation table; run `cargo xtask docs`");
    Ok(())
}

fn wanted(workspace: &Workspace) -> BTreeSet<PathBuf> {
    api::reference::book_pages().into_iter().map(|(path, _)| workspace.path(BOOK).join(path)).collect()
}

#[allow(clippy::disallowed_methods)]
fn present(workspace: &Workspace) -> Result<BTreeSet<PathBuf>> {
    let listed = std::fs::read_dir(workspace.path(GROUPS)).with_context(|| format!("could not list {GROUPS}"))?;
    listed.map(|entry| Ok(entry?.path())).collect()
}
