//! New events in the order of their numbers: from memory while the reader keeps up, from the store where it has fallen behind.
//!
//! Nothing is looked at here beyond whose an event is. While events are shown from memory the journal's thread waits, so they
//! are only taken down.

use std::collections::BTreeSet;

use model::event::Category;
use model::logstore::View;
use model::{AccountId, Event, Seq};
use store::Store;

use super::StreamError;

/// Numbers of one pass: a quarter of a second of what two cores accept.
const NUMBERS_AT_ONCE: u64 = 5_000;
/// JSON of one pass that is read from the store.
const BYTES_AT_ONCE: usize = 4 << 20;

/// Some events.
#[derive(Debug)]
pub(crate) struct Fed {
    /// Those of the accounts asked for, in order.
    pub(crate) events: Vec<(AccountId, Seq, Event)>,
    /// All up to and including this number.
    pub(crate) through: Seq,
}

/// The next events of these accounts after a number and up to another, which must be durable. Evaluations of alert rules are
/// left out: a rule that fires on them would feed itself.
pub(crate) async fn next(
    store: &Store,
    accounts: &BTreeSet<AccountId>,
    after: Seq,
    head: Seq,
) -> Result<Fed, StreamError> {
    if accounts.is_empty() || after >= head {
        return Ok(Fed { events: Vec::new(), through: head.max(after) });
    }
    let through = head.min(Seq(after.0 + NUMBERS_AT_ONCE));
    let mut events = Vec::new();
    let is_shown = store.show_recent(after, through, &mut |account, seq, event| {
        if accounts.contains(&account) {
            events.push((account, seq, event.clone()));
        }
    });
    let mut fed = if is_shown { Fed { events, through } } else { from_store(store, accounts, after, head).await? };
    fed.events.retain(|(_, _, event)| event.category() != Category::Alert);
    Ok(fed)
}

async fn from_store(store: &Store, accounts: &BTreeSet<AccountId>, after: Seq, head: Seq) -> Result<Fed, StreamError> {
    let accounts: Vec<AccountId> = accounts.iter().copied().collect();
    let store = store.clone();
    let read = move || store.read_view_after(&View::of_accounts(&accounts), after, head, BYTES_AT_ONCE);
    let stretch = tokio::task::spawn_blocking(read).await??;
    let events = stretch.events.into_iter().map(|owned| (owned.account, owned.found.seq, owned.found.event));
    Ok(Fed { events: events.collect(), through: stretch.through })
}
