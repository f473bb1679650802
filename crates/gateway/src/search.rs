//! Reading events for a reply: on a blocking thread, in turn, and never more than a reply may hold.

use api::{WireError, codes};
use model::limits::REQUEST_TIME_WINDOW;
use model::{AccountId, ErrorKind, Timestamp};
use store::{Aggregate, Aggregation, Found, Lookup, Page, Store, StoreError};

use crate::fault::unexpected;
use crate::gateway::Gateway;

/// Bytes of events in one reply. A page of fifty events of the largest size is 12.5 MiB; ordinary ones are 65 KB.
pub(crate) const REPLY_BYTES_MAX: usize = 8 << 20;
/// Events read at a time, so that a large page of large events stops soon after the limit.
const STEP_EVENTS: usize = 100;

/// One page of a lookup. It ends early when it has [`REPLY_BYTES_MAX`], and then says that there is more.
pub(crate) async fn page(gateway: &Gateway, lookup: Lookup) -> Result<Page, WireError> {
    blocking(gateway, move |store| read_page(store, lookup)).await
}

/// Counts by group.
pub(crate) async fn aggregate(gateway: &Gateway, aggregation: Aggregation) -> Result<Aggregate, WireError> {
    blocking(gateway, move |store| store.aggregate(&aggregation)).await
}

/// Runs a read on a blocking thread when it has its turn.
pub(crate) async fn blocking<T: Send + 'static>(
    gateway: &Gateway,
    read: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WireError> {
    let turn = gateway.limits.lookup_turn().await;
    let store = gateway.store.clone();
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        read(&store)
    });
    match work.await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(unexpected(&error, error.kind())),
        Err(panicked) => Err(unexpected(&panicked, ErrorKind::Bug)),
    }
}

fn read_page(store: &Store, mut lookup: Lookup) -> Result<Page, StoreError> {
    let wanted = lookup.limit;
    let mut events: Vec<Found> = Vec::new();
    let mut bytes = 0;
    loop {
        lookup.limit = (wanted - events.len()).min(STEP_EVENTS);
        let step = store.lookup(&lookup)?;
        for found in step.events {
            bytes += found.event.raw().len();
            if bytes > REPLY_BYTES_MAX && !events.is_empty() {
                return Ok(Page { events, more: true });
            }
            events.push(found);
        }
        lookup.after = events.last().map(Found::position);
        if !step.more || events.len() >= wanted {
            return Ok(Page { events, more: step.more });
        }
    }
}

/// Where the history starts: lookups reach no further back.
pub(crate) fn history_start(gateway: &Gateway, now: Timestamp) -> Timestamp {
    gateway.config.history.map_or(Timestamp::MIN, |history| now.minus(history))
}

/// Refuses a window that starts before the history: what lies there is not looked at, so its absence says nothing.
pub(crate) fn check_start(start: Timestamp, history_start: Timestamp) -> Result<(), WireError> {
    // A client that asks for exactly the whole history computed its start a moment ago, on its own clock.
    if start >= history_start.minus(REQUEST_TIME_WINDOW) {
        return Ok(());
    }
    let message = format!("The start {start} lies before the history, which starts at {history_start}.");
    Err(codes::INVALID_PARAMETER_START_TIME.because(message))
}

/// The last moment of a window that ends here. Times on the wire have whole seconds, events may have milliseconds: the
/// end's whole second belongs to the window.
pub(crate) fn window_end(end: Timestamp) -> Timestamp {
    if end.0 % 1000 == 0 { Timestamp(end.0.saturating_add(999)) } else { end }
}

/// Counts a lookup of the account, or refuses it when the operator set a rate and the account is above it.
pub(crate) fn count_lookup(gateway: &Gateway, account: AccountId) -> Result<(), WireError> {
    let pause = gateway.limits.lookup_wait(account);
    if pause.is_zero() {
        return Ok(());
    }
    let message = format!("The account makes more than {} lookups a second.", gateway.config.lookups_per_second);
    Err(codes::THROTTLING_USER.because(message).retry_after(pause))
}
