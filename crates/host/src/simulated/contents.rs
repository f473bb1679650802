//! The bytes of one simulated file: what a reader sees, what is durable, and the changes in between.

use super::chance::Chance;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Contents {
    seen: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Append { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Contents {
    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.unsynced.push(Change::Append { at: self.seen.len(), bytes: bytes.to_vec() });
        self.seen.extend_from_slice(bytes);
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if len != self.seen.len() {
            self.unsynced.push(Change::Truncate(len));
            self.seen.resize(len, 0);
        }
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            self.make_durable(&change);
        }
    }

    /// A sync that fails. Either the changes stay to be synced, or, as Linux does it, the kernel gives them up: readers
    /// go on seeing them, later syncs succeed, and they are not on the disk.
    pub(super) fn fail_sync(&mut self, chance: &mut Chance) {
        if chance.per_mille(700) {
            self.settle(chance);
        }
    }

    /// The power goes.
    pub(super) fn lose_power(&mut self, chance: &mut Chance) {
        self.settle(chance);
        self.seen.clone_from(&self.durable);
    }

    /// Turns one bit around, in what is seen and in what is durable.
    pub(super) fn flip(&mut self, bit: usize) {
        for bytes in [&mut self.seen, &mut self.durable] {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    fn make_durable(&mut self, change: &Change) {
        match change {
            Change::Append { at, bytes } => {
                let end = at + bytes.len();
                self.durable.resize(self.durable.len().max(end), 0);
                self.durable[*at..end].copy_from_slice(bytes);
            }
            Change::Truncate(len) => self.durable.resize(*len, 0),
        }
    }

    /// Decides which of the unsynced changes reach the disk: none, all, or all before one, which does in part. Within
    /// such a part the sectors are written in any order.
    fn settle(&mut self, chance: &mut Chance) {
        let changes = std::mem::take(&mut self.unsynced);
        let whole = match chance.below(4) {
            0 => return,
            1 => changes.len(),
            _ => chance.below(changes.len() + 1),
        };
        changes[..whole].iter().for_each(|change| self.make_durable(change));
        let in_any_order = chance.per_mille(500);
        match changes.get(whole) {
            // Several appends that nobody synced in between are one stretch of pages to the kernel.
            Some(Change::Append { .. }) if in_any_order => {
                let appends = changes[whole..].iter().take_while(|change| matches!(change, Change::Append { .. }));
                appends.for_each(|append| self.scatter(append, chance));
            }
            Some(Change::Append { at, bytes }) => {
                let part = bytes[..chance.below(bytes.len() + 1)].to_vec();
                self.make_durable(&Change::Append { at: *at, bytes: part });
            }
            _ => {}
        }
    }

    /// Half of the sectors, and zeros where one is missing.
    fn scatter(&mut self, append: &Change, chance: &mut Chance) {
        let Change::Append { at, bytes } = append else { return };
        self.durable.resize(self.durable.len().max(at + bytes.len()), 0);
        let mut from = 0;
        while from < bytes.len() {
            let sector_end = (at + from) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES;
            let to = (sector_end - at).min(bytes.len());
            if chance.per_mille(500) {
                self.durable[at + from..at + to].copy_from_slice(&bytes[from..to]);
            }
            from = to;
        }
    }
}
