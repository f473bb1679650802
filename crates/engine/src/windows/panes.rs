//! The panes of one table: read stretch by stretch, kept while a window needs them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{concat, concat_batches, sort_to_indices, take, take_record_batch};
use arrow::datatypes::{SchemaRef, TimestampMillisecondType};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::collect;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use model::Timestamp;
use query::Window;
use tokio::runtime::Handle;

use super::parts::Below;

/// Events that are shared out among panes at once.
const EVENTS_AT_ONCE: usize = 65_536;

/// Every instant at which a window begins or ends, in order. Pane `n` ends before the `n`th of them.
pub(super) fn bounds(windows: &[Window]) -> Arc<[i64]> {
    let mut bounds: Vec<i64> = windows.iter().flat_map(|window| [window.from.0, window.before.0]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds.into()
}

/// Which events a window holds: the first pane with any and the first behind the window, among all panes with events.
/// Every empty window has the same.
pub(super) type EventsOf = (usize, usize);

/// See the module.
pub(super) struct Panes {
    below: Below,
    bounds: Arc<[i64]>,
    context: Arc<TaskContext>,
    /// Everything before this was read.
    read: Option<Timestamp>,
    said: VecDeque<Said>,
    /// Panes about which nothing could be said.
    failed: BTreeMap<usize, Arc<DataFusionError>>,
    /// Panes with events, in order, those that are gone counted.
    with_events: VecDeque<usize>,
    gone: usize,
    bytes: usize,
}

/// What was said of some panes, in their order.
struct Said {
    rows: RecordBatch,
    /// A pane, and its first row.
    places: Vec<(usize, usize)>,
    bytes: usize,
}

impl Panes {
    pub(super) fn new(below: Below, bounds: Arc<[i64]>, context: Arc<TaskContext>) -> Panes {
        Panes {
            below,
            bounds,
            context,
            read: None,
            said: VecDeque::new(),
            failed: BTreeMap::new(),
            with_events: VecDeque::new(),
            gone: 0,
            bytes: 0,
        }
    }

    /// What is kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reads at least to the end of a window, and forgets what lies before it. `stretch_ms` is how much it reads at
    /// once; it gets shorter when so much does not fit into `bytes_max`.
    pub(super) fn read_to(
        &mut self,
        window: &Window,
        stretch_ms: &mut i64,
        bytes_max: usize,
        runtime: &Handle,
    ) -> Result<()> {
        self.forget_before(self.pane(window.from.0));
        while self.read.is_none_or(|read| read < window.before) {
            let from = self.read.map_or(window.from, |read| read.max(window.from));
            let end = self.bound(window.before.0.max(from.0.saturating_add(*stretch_ms)));
            match self.read_stretch(from, end, bytes_max, runtime) {
                Ok(()) => self.read = Some(end),
                Err(DataFusionError::ResourcesExhausted(_)) if end > window.before => {
                    self.forget_from(self.pane(from.0));
                    *stretch_ms /= 4;
                }
                Err(error) => {
                    self.forget_from(self.pane(from.0));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    pub(super) fn events_of(&self, window: &Window) -> EventsOf {
        let (first, end) = (self.pane(window.from.0), self.pane(window.before.0));
        let place = |pane: usize| self.with_events.partition_point(|each| *each < pane);
        let (first, end) = (place(first), place(end));
        if first >= end { (0, 0) } else { (self.gone + first, self.gone + end) }
    }

    /// Feeds the plan above with a window's panes.
    pub(super) fn show(&self, window: &Window) -> Result<()> {
        let (first, end) = (self.pane(window.from.0), self.pane(window.before.0));
        if let Some((_, error)) = self.failed.range(first..end.max(first)).next() {
            return Err(DataFusionError::Shared(error.clone()));
        }
        let slices = self.said.iter().map(|said| said.between(first, end)).filter(|rows| rows.num_rows() > 0);
        self.below.said.set(slices.collect());
        Ok(())
    }

    fn pane(&self, at: i64) -> usize {
        self.bounds.partition_point(|bound| *bound <= at)
    }

    /// The end of the pane that ends then or later, so that a stretch has whole panes.
    fn bound(&self, at: i64) -> Timestamp {
        let next = self.bounds.partition_point(|bound| *bound < at);
        Timestamp(self.bounds.get(next).or(self.bounds.last()).copied().unwrap_or(at))
    }

    fn forget_before(&mut self, pane: usize) {
        while self.said.front().is_some_and(|said| said.last_pane() < pane) {
            self.bytes -= self.said.pop_front().map_or(0, |said| said.bytes);
        }
        while self.with_events.front().is_some_and(|each| *each < pane) {
            self.with_events.pop_front();
            self.gone += 1;
        }
        self.failed = self.failed.split_off(&pane);
    }

    /// Takes back a stretch that could not be read to its end.
    fn forget_from(&mut self, pane: usize) {
        while self.said.back().is_some_and(|said| said.first_pane() >= pane) {
            self.bytes -= self.said.pop_back().map_or(0, |said| said.bytes);
        }
        self.failed.split_off(&pane);
    }

    fn read_stretch(&mut self, from: Timestamp, before: Timestamp, bytes_max: usize, runtime: &Handle) -> Result<()> {
        let mut seen = BTreeSet::new();
        let (mut times, mut batches, mut rows) = (Vec::new(), Vec::new(), 0);
        let reading = self.below.reading.clone();
        for batch in reading.between(from, before) {
            let (time, batch) = batch?;
            rows += batch.num_rows();
            times.push(time);
            batches.push(batch);
            if rows >= EVENTS_AT_ONCE {
                self.share_out(&times, &batches, &mut seen, bytes_max, runtime)?;
                times.clear();
                batches.clear();
                rows = 0;
            }
        }
        self.share_out(&times, &batches, &mut seen, bytes_max, runtime)?;
        self.with_events.extend(seen);
        Ok(())
    }

    /// Says of each pane what can be said of it.
    fn share_out(
        &mut self,
        times: &[ArrayRef],
        batches: &[RecordBatch],
        seen: &mut BTreeSet<usize>,
        bytes_max: usize,
        runtime: &Handle,
    ) -> Result<()> {
        if batches.is_empty() {
            return Ok(());
        }
        let times: Vec<&dyn Array> = times.iter().map(|each| each.as_ref()).collect();
        let times = concat(&times)?;
        let events = joined(&self.below.reading.schema(), batches)?;
        let pane = |time: i64| u32::try_from(self.pane(time)).unwrap_or(u32::MAX);
        let panes: UInt32Array =
            times.as_primitive::<TimestampMillisecondType>().values().iter().map(|time| pane(*time)).collect();
        let (panes, events) = if panes.values().is_sorted() {
            (panes, events)
        } else {
            let order = sort_to_indices(&panes, None, None)?;
            (take(&panes, &order, None)?.as_primitive().clone(), ordered(&events, &order)?)
        };
        let mut places = Vec::new();
        for (row, pane) in panes.values().iter().enumerate() {
            let pane = *pane as usize;
            if places.last().is_none_or(|(last, _)| *last != pane) {
                places.push((pane, row));
                seen.insert(pane);
            }
        }
        let said = if self.below.is_plain() { Said::new(events, places) } else { self.say(&events, &places, runtime)? };
        self.bytes += said.bytes;
        self.said.push_back(said);
        if self.bytes > bytes_max {
            return Err(DataFusionError::ResourcesExhausted("the panes of windows that overlap".to_owned()));
        }
        Ok(())
    }

    /// Runs the part below the cut over each pane's events.
    fn say(&mut self, events: &RecordBatch, places: &[(usize, usize)], runtime: &Handle) -> Result<Said> {
        let mut rows = Vec::new();
        let mut said = Vec::new();
        let mut row = 0;
        let ends = places.iter().skip(1).map(|(_, row)| *row).chain([events.num_rows()]);
        for ((pane, first), end) in places.iter().zip(ends) {
            self.below.events.set(vec![events.slice(*first, end - first)]);
            let plan = reset_plan_states(self.below.plan.clone())?;
            match runtime.block_on(collect(plan, self.context.clone())) {
                Ok(batches) => {
                    said.push((*pane, row));
                    row += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
                    rows.extend(batches);
                }
                Err(error) => drop(self.failed.insert(*pane, Arc::new(error))),
            }
        }
        Ok(Said::new(joined(&self.below.plan.schema(), &rows)?, said))
    }
}

/// One batch of all; of a statement that names no column, batches have nothing but their lengths.
fn joined(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch> {
    if !schema.fields().is_empty() {
        return Ok(concat_batches(schema, batches)?);
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options)?)
}

fn ordered(batch: &RecordBatch, order: &UInt32Array) -> Result<RecordBatch> {
    if batch.num_columns() == 0 { Ok(batch.clone()) } else { Ok(take_record_batch(batch, order)?) }
}

impl Said {
    fn new(rows: RecordBatch, places: Vec<(usize, usize)>) -> Said {
        let bytes = rows.get_array_memory_size() + places.len() * size_of::<(usize, usize)>();
        Said { rows, places, bytes }
    }

    fn first_pane(&self) -> usize {
        self.places.first().map_or(0, |(pane, _)| *pane)
    }

    fn last_pane(&self) -> usize {
        self.places.last().map_or(0, |(pane, _)| *pane)
    }

    /// What was said of the panes from one to another.
    fn between(&self, first: usize, end: usize) -> RecordBatch {
        let row = |pane: usize| {
            let place = self.places.partition_point(|(each, _)| *each < pane);
            self.places.get(place).map_or(self.rows.num_rows(), |(_, row)| *row)
        };
        let (from, before) = (row(first), row(end));
        self.rows.slice(from, before.saturating_sub(from))
    }
}
