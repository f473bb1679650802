//! One statement over many windows of time, each event read once.
//!
//! Windows overlap: a statement about the last hour, asked every minute, would read each event sixty times. Here the time of
//! all windows is cut at every instant at which one begins or ends ([`panes`]); a window is some neighbouring panes. The plan is
//! made once and cut in two ([`parts`]): what can be said of each pane by itself, up to and with the first step of an
//! aggregate, is worked out when the pane is read and kept while a window needs it; the rest runs for each window over what
//! its panes said. A window with the events of the one before is not worked out again.
//!
//! The walk runs on a blocking thread, a little ahead of whoever takes the answers. What is kept counts against the query's
//! memory.

mod fed;
mod panes;
mod parts;
mod present;
mod table;

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::internal_err;
use datafusion::error::DataFusionError;
use datafusion::execution::{SessionState, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use query::{Cut, Limits, Meter, QueryError, Window, WindowAnswer};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use crate::error::query_error;
use panes::{EventsOf, Panes};
pub(crate) use present::Present;
pub(crate) use table::WindowedTable;

/// Into so many parts the time of all windows is cut for reading.
const STRETCHES: i64 = 32;

/// Physical rules that take apart what is cut here: one joins both steps of an aggregate, two end its first step early.
const UNWANTED_RULES: [&str; 3] = ["CombinePartialFinalAggregate", "LimitedDistinctAggregation", "LimitAggregation"];

/// A state whose plans can be cut.
pub(crate) fn prototype(state: SessionState) -> SessionState {
    let mut config = state.config().clone().with_target_partitions(1);
    config.options_mut().optimizer.enable_dynamic_filter_pushdown = false;
    let is_wanted = |name: &str| !UNWANTED_RULES.contains(&name);
    let rules = state.physical_optimizers().iter().filter(|rule| is_wanted(rule.name())).cloned().collect();
    SessionStateBuilder::new_from_existing(state).with_config(config).with_physical_optimizer_rules(rules).build()
}

/// A statement on its way through its windows.
pub(crate) struct Walk {
    top: Arc<dyn ExecutionPlan>,
    panes: Vec<Panes>,
    present: Present,
    context: Arc<TaskContext>,
    windows: Vec<Window>,
    /// How much time is read at once.
    stretch_ms: i64,
    /// The events of the last window, if it was answered.
    last: Option<Vec<EventsOf>>,
    meter: Arc<Meter>,
}

impl Walk {
    /// Through these windows. The plan's leaves are those of [`WindowedTable`]s.
    pub(crate) fn new(
        plan: &Arc<dyn ExecutionPlan>,
        present: Present,
        context: Arc<TaskContext>,
        windows: Vec<Window>,
        meter: Arc<Meter>,
    ) -> Result<Walk, DataFusionError> {
        let rises = |one: &Window, next: &Window| one.from <= next.from && one.before <= next.before;
        if !windows.is_sorted_by(rises) {
            return internal_err!("windows must rise");
        }
        let cut = parts::cut(plan)?;
        let bounds = panes::bounds(&windows);
        let panes = cut.below.into_iter().map(|below| Panes::new(below, bounds.clone(), context.clone())).collect();
        let reach_ms = match (windows.first(), windows.last()) {
            (Some(first), Some(last)) => last.before.0.saturating_sub(first.from.0),
            _ => 0,
        };
        let stretch_ms = reach_ms / STRETCHES;
        Ok(Walk { top: cut.top, panes, present, context, windows, stretch_ms, last: None, meter })
    }

    /// Answers window after window, until the limits or the receiver end it.
    pub(crate) fn run(mut self, runtime: &Handle, answers: &Sender<Result<WindowAnswer, QueryError>>) {
        for window in std::mem::take(&mut self.windows) {
            let answer = self.answer(&window, runtime);
            let is_over = matches!(answer, Err(QueryError::Cut(_)));
            if answers.blocking_send(answer).is_err() || is_over {
                return;
            }
        }
    }

    fn answer(&mut self, window: &Window, runtime: &Handle) -> Result<WindowAnswer, QueryError> {
        let last = self.last.take();
        self.meter.check().map_err(QueryError::Cut)?;
        let limits = *self.meter.limits();
        let failed = |error| query_error(error, limits.memory_bytes);
        let mut left = limits.memory_bytes;
        for panes in &mut self.panes {
            panes.read_to(window, &mut self.stretch_ms, left, runtime).map_err(failed)?;
            left = left.saturating_sub(panes.bytes());
        }
        let events: Vec<EventsOf> = self.panes.iter().map(|panes| panes.events_of(window)).collect();
        // An answer that looked at the present is another one a minute later.
        if last.as_ref() == Some(&events) && !self.present.was_asked() {
            self.last = last;
            return Ok(WindowAnswer::Same);
        }
        for panes in &self.panes {
            panes.show(window).map_err(failed)?;
        }
        self.present.set(window.now);
        let rows = runtime.block_on(self.rows(&limits))?;
        self.last = Some(events);
        Ok(rows)
    }

    /// What the plan above says of the panes that are shown.
    async fn rows(&self, limits: &Limits) -> Result<WindowAnswer, QueryError> {
        let failed = |error| query_error(error, limits.memory_bytes);
        let top = reset_plan_states(self.top.clone()).map_err(failed)?;
        let mut stream = execute_stream(top, self.context.clone()).map_err(failed)?;
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut left = limits.rows;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(failed)?;
            self.meter.check().map_err(QueryError::Cut)?;
            let is_cut = batch.num_rows() > left;
            batches.push(batch.slice(0, batch.num_rows().min(left)));
            if is_cut {
                return Ok(WindowAnswer::Rows { batches, cut: Some(Cut::Rows(limits.rows)) });
            }
            left -= batch.num_rows();
        }
        Ok(WindowAnswer::Rows { batches, cut: None })
    }
}
