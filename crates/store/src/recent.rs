//! Durable events that are not in a segment yet, in memory, found at once.
//!
//! Rows lie in the order of their numbers; a small index leads from an attribute's value, and from an account, to
//! rows. One writer (the journal's thread) adds, readers share a lock for microseconds. Events mostly arrive in order
//! of time: a running maximum of event times tells a newest-first search when no older row can be newer.

mod across;
mod of_view;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Instant;

use journal::Committed;
use model::{AccountId, Attribute, Event, Seq, Timestamp};
use parking_lot::RwLock;

use crate::lookup::Found;
use crate::segment::Row;
use crate::terms::attribute_hash;

/// Bytes a row costs besides its event: the row, its places in lists, the lists themselves.
const ROW_OVERHEAD_BYTES: usize = 256;

/// See the module.
pub(crate) struct Recent {
    rows: RwLock<Rows>,
}

struct Rows {
    rows: Vec<Row>,
    /// The greatest event time among the rows up to and including each.
    newest_up_to: Vec<Timestamp>,
    by_term: HashMap<u64, Places, BuildHasherDefault<AlreadyHashed>>,
    by_account: HashMap<AccountId, Vec<u32>>,
    bytes: usize,
    first_added: Option<Instant>,
}

/// Most terms occur once or twice, so a list of their own would be mostly overhead.
enum Places {
    One(u32),
    Many(Vec<u32>),
}

impl Places {
    fn push(&mut self, row: u32) {
        match self {
            Places::One(first) => *self = Places::Many(vec![*first, row]),
            Places::Many(rows) => rows.push(row),
        }
    }

    fn as_slice(&self) -> &[u32] {
        match self {
            Places::One(row) => std::slice::from_ref(row),
            Places::Many(rows) => rows,
        }
    }
}

/// Term hashes need no hashing.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Recent {
    pub(crate) fn new() -> Recent {
        let rows = Rows {
            rows: Vec::new(),
            newest_up_to: Vec::new(),
            by_term: HashMap::default(),
            by_account: HashMap::new(),
            bytes: 0,
            first_added: None,
        };
        Recent { rows: RwLock::new(rows) }
    }

    /// Adds events that became durable.
    pub(crate) fn add(&self, committed: Committed) {
        let mut rows = self.rows.write();
        rows.first_added.get_or_insert_with(Instant::now);
        let Committed { first, received, entries } = committed;
        for (position, entry) in entries.into_iter().enumerate() {
            let seq = Seq(first.0 + position as u64);
            rows.add(Row { seq, account: entry.account, received, event: entry.event });
        }
    }

    /// Bytes of memory held, about.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.read().bytes
    }

    /// Number of events.
    pub(crate) fn len(&self) -> usize {
        self.rows.read().rows.len()
    }

    /// When the first event was added.
    pub(crate) fn first_added(&self) -> Option<Instant> {
        self.rows.read().first_added
    }

    /// Shows every row, for a segment. Nothing can be added meanwhile: only for a part that is closed.
    pub(crate) fn with_rows<T>(&self, show: impl FnOnce(&[Row]) -> T) -> T {
        show(&self.rows.read().rows)
    }

    /// Whether the account has an event of this id here.
    pub(crate) fn contains(&self, account: AccountId, event: &Event) -> bool {
        let rows = self.rows.read();
        let places = rows.by_term.get(&attribute_hash(Attribute::EventId, event.id()));
        places.is_some_and(|places| {
            let mut of_id = places.as_slice().iter().map(|row| &rows.rows[*row as usize]);
            of_id.any(|row| row.account == account && row.event.id() == event.id())
        })
    }
}

fn found(row: &Row) -> Found {
    Found { seq: row.seq, received: row.received, event: row.event.clone() }
}

impl Rows {
    fn add(&mut self, row: Row) {
        let place = self.rows.len() as u32;
        for (attribute, value) in row.event.attributes() {
            let places = self.by_term.entry(attribute_hash(attribute, value));
            places.and_modify(|places| places.push(place)).or_insert(Places::One(place));
        }
        self.by_account.entry(row.account).or_default().push(place);
        let newest = self.newest_up_to.last().copied().unwrap_or(Timestamp(i64::MIN));
        self.newest_up_to.push(newest.max(row.event.time()));
        self.bytes += row.event.memory_bytes() + ROW_OVERHEAD_BYTES;
        self.rows.push(row);
    }
}
