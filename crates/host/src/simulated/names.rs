//! The names in one simulated folder: what a reader sees, what is durable, and the changes in between.

use std::collections::BTreeMap;

use super::chance::Chance;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// A file, by its number.
    File(usize),
    Folder,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: BTreeMap<String, Node>,
    durable: BTreeMap<String, Node>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Put(String, Node),
    Remove(String),
    Rename(String, String, Node),
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Change::Put(name, node) => drop(names.insert(name.clone(), *node)),
            Change::Remove(name) => drop(names.remove(name)),
            Change::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<Node> {
        self.seen.get(name).copied()
    }

    pub(super) fn seen(&self) -> impl Iterator<Item = (&str, Node)> {
        self.seen.iter().map(|(name, node)| (name.as_str(), *node))
    }

    pub(super) fn put(&mut self, name: &str, node: Node) {
        self.change(Change::Put(name.to_owned(), node));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.change(Change::Remove(name.to_owned()));
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, node: Node) {
        self.change(Change::Rename(from.to_owned(), to.to_owned(), node));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        self.unsynced.clear();
        self.durable.clone_from(&self.seen);
    }

    /// The power goes. Of the unsynced changes survive none, all, those before one, or any of them: POSIX promises
    /// nothing.
    pub(super) fn lose_power(&mut self, chance: &mut Chance) {
        let changes = std::mem::take(&mut self.unsynced);
        let mode = chance.below(4);
        let before = chance.below(changes.len() + 1);
        for (position, change) in changes.iter().enumerate() {
            let survives = match mode {
                0 => false,
                1 => true,
                2 => position < before,
                _ => chance.per_mille(500),
            };
            if survives {
                change.apply(&mut self.durable);
            }
        }
        self.seen.clone_from(&self.durable);
    }
}
