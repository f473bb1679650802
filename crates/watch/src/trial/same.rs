//! Which runs of a query look at the same events, so that one answer serves them all.
//!
//! The seconds at which there is an event the search part holds for are counted once over the whole range of a trial. Two windows
//! that begin and end between the same of them hold the same events, and a statement that does not ask for the present time
//! gives the same rows for both. For a rule about something rare, that is almost every run.

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use query::{Cut, Meter, Scope};
use store::{Store, StoreError};

use crate::question::AskError;

/// Seconds, in order, at which there are events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EventSeconds(Vec<i64>);

/// The events of a window, by the places of the first and of the first behind it.
pub(crate) type Events = (usize, usize);

impl EventSeconds {
    /// Of a scope; `None` where there are too many to tell.
    pub(crate) async fn of(store: &Store, scope: Scope, meter: Arc<Meter>) -> Result<Option<EventSeconds>, AskError> {
        let store = store.clone();
        let count = move || store.count(&scope, Some(Duration::from_secs(1)), Timestamp(0), &meter);
        let counted = tokio::task::spawn_blocking(count).await.map_err(|_| AskError::Broke)??;
        match counted.cut {
            Some(Cut::Rows(_)) => Ok(None),
            Some(cut) => Err(AskError::Store(StoreError::Cut(cut))),
            None => Ok(Some(EventSeconds(counted.buckets.iter().map(|(at, _)| at.0.div_euclid(1000)).collect()))),
        }
    }

    /// Which events a window of these seconds holds; every empty one the same.
    pub(crate) fn within(&self, from: i64, before: i64) -> Events {
        let place = |second: i64| self.0.partition_point(|each| *each < second);
        let (first, end) = (place(from), place(before));
        if first >= end { (0, 0) } else { (first, end) }
    }
}

/// Whether a statement's answer depends on when it is asked.
pub(crate) fn asks_for_the_present(sql: &str) -> bool {
    let sql: String = sql.to_ascii_lowercase().split_whitespace().collect();
    ["now(", "current_", "localtime", "random(", "rand(", "uuid("].iter().any(|word| sql.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_with_the_same_events_are_the_same() {
        let seconds = EventSeconds(vec![100, 160, 161]);
        assert_eq!(seconds.within(0, 100), (0, 0));
        assert_eq!(seconds.within(0, 101), seconds.within(100, 160));
        assert_ne!(seconds.within(0, 101), seconds.within(0, 161));
        assert_eq!(seconds.within(101, 162), seconds.within(160, 1000));
        assert_eq!(seconds.within(162, 1000), seconds.within(101, 160));
    }

    #[test]
    fn statements_about_the_present_are_told() {
        assert!(asks_for_the_present("SELECT to_unixtime(NOW ( )) - __time__"));
        assert!(!asks_for_the_present("SELECT count(1) AS known"));
        assert!(!asks_for_the_present("SELECT count(1) AS cnt FROM log GROUP BY \"event.userIdentity.userName\""));
    }
}
