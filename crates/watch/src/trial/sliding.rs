//! The answers of a plain search at rising instants, from one walk over the events.
//!
//! Windows overlap mostly: a run every minute over fifteen minutes would read each event fifteen times. Here an event is read
//! once, enters the window, and leaves it. A window has the newest rows a rule looks at, as a search would give them.

use std::collections::VecDeque;
use std::sync::Arc;

use alert::Row;
use alert::stream::row;
use model::Timestamp;
use query::{Meter, Order, Scope};
use store::{Position, Store, StoreError};

use crate::question::AskError;

/// Events of a page: few enough to be held, many enough to make the pages' own cost small.
const PAGE_EVENTS: usize = 1000;

/// See the module.
pub(crate) struct Sliding {
    store: Store,
    scope: Scope,
    meter: Arc<Meter>,
    rows_max: usize,
    /// Read and not in a window yet.
    ahead: VecDeque<(Timestamp, Row)>,
    last: Option<Position>,
    is_over: bool,
    /// The oldest first; one more than is looked at, so that the cut is noticed.
    window: VecDeque<(Timestamp, Row)>,
    has_changed: bool,
}

impl Sliding {
    /// Windows over these events. Time must not be beyond the scope's.
    pub(crate) fn new(store: Store, scope: Scope, meter: Arc<Meter>, rows_max: usize) -> Sliding {
        Sliding {
            store,
            scope,
            meter,
            rows_max,
            ahead: VecDeque::new(),
            last: None,
            is_over: false,
            window: VecDeque::new(),
            has_changed: true,
        }
    }

    /// Moves on to events at or after `from` and before `before`; neither may lie before the last one's.
    pub(crate) async fn move_to(&mut self, from: Timestamp, before: Timestamp) -> Result<(), AskError> {
        while !self.is_over && self.ahead.back().is_none_or(|(time, _)| *time < before) {
            self.read_page().await?;
        }
        while self.ahead.front().is_some_and(|(time, _)| *time < before) {
            self.has_changed = true;
            self.window.extend(self.ahead.pop_front());
            if self.window.len() > self.rows_max + 1 {
                self.window.pop_front();
            }
        }
        while self.window.front().is_some_and(|(time, _)| *time < from) {
            self.has_changed = true;
            self.window.pop_front();
        }
        Ok(())
    }

    /// Whether the window is another than when this was last asked.
    pub(crate) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// The rows of the window, the newest first, and whether there were more.
    pub(crate) fn rows(&self) -> (Vec<Row>, bool) {
        let rows = self.window.iter().rev().take(self.rows_max).map(|(_, row)| row.clone()).collect();
        (rows, self.window.len() > self.rows_max)
    }

    async fn read_page(&mut self) -> Result<(), AskError> {
        let (store, scope, meter, last) = (self.store.clone(), self.scope.clone(), self.meter.clone(), self.last);
        let read = move || {
            let page = store.search(&scope, Order::OldestFirst, last, 0, PAGE_EVENTS, &meter)?;
            let rows: Vec<(Timestamp, Row)> =
                page.events.iter().map(|owned| (owned.found.event.time(), row(&owned.found.event))).collect();
            let last = page.events.last().map(|owned| owned.found.position());
            Ok::<_, StoreError>((rows, last, page.more, page.cut))
        };
        let (rows, last, more, cut) = tokio::task::spawn_blocking(read).await.map_err(|_| AskError::Broke)??;
        if let Some(cut) = cut {
            return Err(AskError::Store(StoreError::Cut(cut)));
        }
        self.ahead.extend(rows);
        self.last = last.or(self.last);
        self.is_over = !more;
        Ok(())
    }
}
