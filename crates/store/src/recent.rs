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

use crate::lookup::{Found, Position, Question};
use crate::segment::Row;
use crate::terms::attribute_hash;

/// Bytes a row costs besides its event: the row, its places in lists, the lists themselves.
const ROW_OVERHEAD_BYTES: usize = 256;
/// Rows that are counted while the lock is held: a millisecond.
const STEP_ROWS: usize = 4096;

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

    /// The first events that answer the question, in its order.
    pub(crate) fn search(&self, question: &Question<'_>) -> Vec<Found> {
        let rows = self.rows.read();
        let of_account = rows.by_account.get(&question.account).map_or(&[][..], Vec::as_slice);
        let mut shortest = of_account;
        for (attribute, value) in &question.attributes {
            let places = rows.by_term.get(&attribute_hash(*attribute, value)).map_or(&[][..], Places::as_slice);
            if places.len() < shortest.len() {
                shortest = places;
            }
        }
        let mut best = Best::new(question);
        for place in shortest.iter().rev() {
            if best.is_settled(rows.newest_up_to[*place as usize]) {
                break;
            }
            let row = &rows.rows[*place as usize];
            let position = Position { time: row.event.time(), seq: row.seq };
            if row.account == question.account && question.wants(position) && question.holds(&row.event) {
                best.push(position, *place);
            }
        }
        best.into_sorted().into_iter().map(|place| found(&rows.rows[place as usize])).collect()
    }

    /// Shows every event that answers the question. The lock is let go between a few thousand rows, so that counting
    /// does not hold up those who add; what is added meanwhile is not shown.
    pub(crate) fn for_each_answer(&self, question: &Question<'_>, mut take: impl FnMut(Position, &Event)) {
        let end = self.len() as u32;
        let rarest = {
            let rows = self.rows.read();
            let count = |hash: &u64| rows.by_term.get(hash).map_or(0, |places| places.as_slice().len());
            question.attributes.iter().map(|(attribute, value)| attribute_hash(*attribute, value)).min_by_key(count)
        };
        let mut at = 0;
        loop {
            let rows = self.rows.read();
            let places = match rarest {
                Some(hash) => rows.by_term.get(&hash).map_or(&[][..], Places::as_slice),
                None => rows.by_account.get(&question.account).map_or(&[][..], Vec::as_slice),
            };
            let step = &places[at.min(places.len())..(at + STEP_ROWS).min(places.len())];
            if step.first().is_none_or(|place| *place >= end) {
                return;
            }
            for row in step.iter().take_while(|place| **place < end).map(|place| &rows.rows[*place as usize]) {
                let position = Position { time: row.event.time(), seq: row.seq };
                if row.account == question.account && question.wants(position) && question.holds(&row.event) {
                    take(position, &row.event);
                }
            }
            at += step.len();
        }
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

/// The best places found so far: a few more than wanted are kept and cut back now and then.
struct Best {
    wanted: usize,
    newest_first: bool,
    places: Vec<(Position, u32)>,
    /// Once `wanted` are known: nothing behind this position is needed.
    worst: Option<Position>,
}

impl Best {
    fn new(question: &Question<'_>) -> Best {
        Best { wanted: question.wanted, newest_first: question.newest_first, places: Vec::new(), worst: None }
    }

    /// Whether rows with event times up to `newest` cannot be among the best any more.
    fn is_settled(&self, newest: Timestamp) -> bool {
        self.newest_first && self.worst.is_some_and(|worst| newest < worst.time)
    }

    fn push(&mut self, position: Position, place: u32) {
        self.places.push((position, place));
        let is_first_full = self.worst.is_none() && self.places.len() == self.wanted;
        if is_first_full || self.places.len() >= self.wanted.saturating_mul(2) {
            self.cut_back();
        }
    }

    fn cut_back(&mut self) {
        self.sort();
        self.places.truncate(self.wanted);
        if self.places.len() == self.wanted {
            self.worst = self.places.last().map(|(position, _)| *position);
        }
    }

    fn sort(&mut self) {
        self.places.sort_unstable_by_key(|(position, _)| *position);
        if self.newest_first {
            self.places.reverse();
        }
    }

    fn into_sorted(mut self) -> Vec<u32> {
        self.cut_back();
        self.places.into_iter().map(|(_, place)| place).collect()
    }
}
