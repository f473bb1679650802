//! The values of the events a question is about, as Arrow batches: what SQL reads.
//!
//! Typed columns give the text at their path as views of their values, without a copy for each row; everything else is read from the
//! JSON, all paths in one pass, each page decompressed once. A batch has at most 8,192 rows and about 4 MiB of JSON.

mod batch;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use query::{Column, Meter, Scope};

use crate::row_set::Bounds;
use crate::scope::{Work, windows};
use crate::segment::Row;
use crate::units::{Unit, Units};
use crate::{Store, StoreError};
pub(crate) use batch::texts_of;
use batch::{TypedColumns, Wanted};

/// Rows of a batch at most.
pub(crate) const BATCH_ROWS: usize = 8192;
/// JSON held for a batch; a batch with more ends early.
const BATCH_BYTES: usize = 4 << 20;

/// The columns of a scan: each named by its place, `c0`, `c1` and so on. Texts are views: those of a typed
/// column share the bytes of its values.
pub fn scan_schema(columns: &[Column]) -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let field = |(at, column): (usize, &Column)| {
        let (kind, is_nullable) = match column {
            Column::Seconds => (DataType::Int64, false),
            Column::Time | Column::Received => (time(), false),
            Column::Seq => (DataType::UInt64, false),
            Column::Account => (DataType::Utf8View, false),
            Column::Raw => (DataType::Utf8View, false),
            Column::Field(_) => (DataType::Utf8View, true),
        };
        Field::new(format!("c{at}"), kind, is_nullable)
    };
    Arc::new(Schema::new(columns.iter().enumerate().map(field).collect::<Vec<Field>>()))
}

/// Batches, as they are read. Every call may read the disk. An error ends it.
pub struct Scan {
    source: Box<dyn Iterator<Item = Result<RecordBatch, StoreError>> + Send>,
}

impl Scan {
    pub(crate) fn new(source: impl Iterator<Item = Result<RecordBatch, StoreError>> + Send + 'static) -> Scan {
        Scan { source: Box::new(source) }
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.source.next();
        if matches!(next, Some(Err(_))) {
            self.source = Box::new(std::iter::empty());
        }
        next
    }
}

impl Store {
    /// The values of the events of a scope, for so many readers. They share the work; all together have each event once,
    /// in no order. Nothing is read before the first is asked for.
    pub fn scan(&self, scope: &Scope, columns: &[Column], meter: Arc<Meter>, partitions: usize) -> Vec<Scan> {
        let units = Units::of(scope, &self.shared.state.load_full(), meter);
        let wanted = Arc::new(Wanted::new(columns));
        let reader = |_| Scan::new(Reader { units: units.clone(), wanted: wanted.clone(), current: None });
        (0..partitions.max(1)).map(reader).collect()
    }
}

struct Reader {
    units: Arc<Units>,
    wanted: Arc<Wanted>,
    current: Option<Current>,
}

enum Current {
    Rows(VecDeque<Row>),
    Segment(Box<InSegment>),
}

/// A segment being read.
struct InSegment {
    work: Work,
    /// Windows not looked at yet, with the place of their account in the view.
    windows: VecDeque<(usize, Range<u32>)>,
    /// Rows of the present window that may belong, in the order of places; whether each surely does.
    picked: VecDeque<(u32, bool)>,
    account: usize,
    columns: Option<TypedColumns>,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let read = match &mut self.current {
                None => match self.units.take()? {
                    Unit::Recent(recent) => {
                        let mut rows = VecDeque::new();
                        let units = &self.units;
                        let shown =
                            recent.for_each_asked(&units.asked, &units.meter, |row| rows.push_back(row.clone()));
                        self.current = Some(Current::Rows(rows));
                        shown.map(|()| None)
                    }
                    Unit::Segment(segment) => {
                        self.current = Some(Current::Segment(Box::new(InSegment::new(Work::on(segment), &self.units))));
                        Ok(None)
                    }
                },
                Some(Current::Rows(rows)) if rows.is_empty() => {
                    self.current = None;
                    Ok(None)
                }
                Some(Current::Rows(rows)) => {
                    let some: Vec<Row> = take_some(rows);
                    self.wanted.batch_of_rows(&some).map(Some)
                }
                Some(Current::Segment(segment)) => match segment.next_batch(&self.units, &self.wanted) {
                    Ok(None) => {
                        self.current = None;
                        Ok(None)
                    }
                    read => read,
                },
            };
            match read {
                Ok(None) => {}
                Ok(Some(batch)) => return Some(Ok(batch)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn take_some(rows: &mut VecDeque<Row>) -> Vec<Row> {
    let (mut some, mut bytes) = (Vec::new(), 0);
    while some.len() < BATCH_ROWS && bytes < BATCH_BYTES {
        let Some(row) = rows.pop_front() else { break };
        bytes += row.event.raw().len();
        some.push(row);
    }
    some
}

impl InSegment {
    fn new(work: Work, units: &Units) -> InSegment {
        let asked = &units.asked;
        let of_account = |(at, (account, _))| {
            let rows = asked.rows_of(&work.segment, account);
            windows(rows, BATCH_ROWS as u32).map(move |window| (at, window))
        };
        let windows = asked.view.accounts().enumerate().flat_map(of_account).collect();
        InSegment { windows, work, picked: VecDeque::new(), account: 0, columns: None }
    }

    /// `None` when the segment has no more.
    fn next_batch(&mut self, units: &Units, wanted: &Wanted) -> Result<Option<RecordBatch>, StoreError> {
        loop {
            while self.picked.is_empty() {
                let Some((account, window)) = self.windows.pop_front() else { return Ok(None) };
                self.pick(units, account, window, &units.meter)?;
                if self.columns.is_none() {
                    self.columns = Some(wanted.columns_of(&mut self.work.columns, &units.meter)?);
                }
                self.put_in_order();
            }
            let columns = self.columns.clone().expect("read with the first window");
            let (account, _) = units.asked.view.accounts().nth(self.account).expect("it was there before");
            let mut rows: Vec<(u32, Option<Bytes>)> = Vec::new();
            let mut bytes = 0;
            while rows.len() < BATCH_ROWS && bytes < BATCH_BYTES {
                let Some((row, surely)) = self.picked.pop_front() else { break };
                let raw = if !surely {
                    match self.work.event_belongs(&units.asked, account, row, &units.meter)? {
                        Some(raw) => Some(raw),
                        None => continue,
                    }
                } else if columns.need_json(row) {
                    Some(self.work.raw(row, &units.meter)?)
                } else {
                    None
                };
                bytes += raw.as_ref().map_or(0, Bytes::len);
                rows.push((row, raw));
            }
            if !rows.is_empty() {
                return wanted.batch_of_segment(&self.work.segment, account, &columns, &rows).map(Some);
            }
        }
    }

    fn pick(&mut self, units: &Units, account: usize, window: Range<u32>, meter: &Meter) -> Result<(), StoreError> {
        let (_, parts) = units.asked.view.accounts().nth(account).expect("it was there before");
        let Bounds { surely, perhaps } = self.work.bounds(&units.asked, parts, window, meter)?;
        self.picked = perhaps.iter().map(|row| (row, surely.contains(row))).collect();
        self.account = account;
        Ok(())
    }

    /// If events are to be read, then a page once: in the order of places.
    fn put_in_order(&mut self) {
        let typed_tell = self.columns.as_ref().is_some_and(|columns| columns.never_need_json());
        if !typed_tell || self.picked.iter().any(|(_, surely)| !surely) {
            let arrangement = self.work.segment.arrangement();
            self.picked.make_contiguous().sort_by_cached_key(|(row, _)| arrangement.place(*row));
        }
    }
}
