//! Which rules new events are for, and what that makes of them.
//!
//! Rules of which any event may fire gather rows; rules that ask for a number of events count, and are due when it is
//! reached. A tally is begun when its rule is first met, from what the store has of the rule's range: so what happened
//! before a restart counts as well.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use alert::Row;
use alert::stream::{Counting, OnStream, RuleIndex, Tally, on_stream, row};
use catalog::AlertRuleId;
use model::logstore::View;
use model::{AccountId, Event, Seq, Timestamp};
use query::{Limits, Meter, Order, Scope, Search};
use store::Store;
use tracing::warn;

use crate::rules::KnownRule;
use crate::stream::feed::Fed;

/// An event that is older than this when it comes was imported: it is the schedule's.
const AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Events may be this much ahead of our clock and still count now.
const AHEAD_MAX: Duration = Duration::from_secs(60);
/// Rows a rule looks at.
const ROWS_MAX: usize = 1000;
/// What beginning a tally may cost.
const TALLY_LIMITS: Limits =
    Limits { time: Duration::from_secs(5), rows: ROWS_MAX, scanned_bytes: 256 << 20, memory_bytes: 16 << 20 };

/// The rules on the stream.
#[derive(Default)]
pub(crate) struct Matching {
    index: RuleIndex<AlertRuleId>,
    rules: HashMap<AlertRuleId, Streamed>,
    accounts: BTreeSet<AccountId>,
}

struct Streamed {
    known: Arc<KnownRule>,
    view: Arc<View>,
    search: Search,
    how: OnStream,
    tally: Option<Tally>,
}

/// What a pass over events found.
#[derive(Default)]
pub(crate) struct Met {
    /// Rules and the rows of their events, the newest first.
    pub(crate) rows: Vec<(Arc<KnownRule>, Vec<Row>)>,
    /// Rules whose number is reached, and before which second that was.
    pub(crate) reached: Vec<(Arc<KnownRule>, i64)>,
    /// How many events were for a rule.
    pub(crate) events: usize,
}

impl Matching {
    /// Takes these rules, each with what its Logstore shows, instead of those before. Rules that stay as they were keep their
    /// tally.
    pub(crate) fn take(&mut self, rules: Vec<(Arc<KnownRule>, Arc<View>)>) {
        let mut gone: HashSet<AlertRuleId> = self.rules.keys().copied().collect();
        for (known, view) in rules {
            let id = known.row.id;
            let Ok(how) = on_stream(&known.rule) else { continue };
            let Some(statement) = known.rule.queries.first().and_then(|query| query.statement.as_ref()) else {
                continue;
            };
            gone.remove(&id);
            let is_same = |before: &Streamed| before.known.row.version == known.row.version && before.view == view;
            if self.rules.get(&id).is_some_and(is_same) {
                continue;
            }
            let search = statement.search.clone();
            self.index.insert(id, &view, &search);
            self.rules.insert(id, Streamed { known, view, search, how, tally: None });
        }
        for id in gone {
            self.index.remove(&id);
            self.rules.remove(&id);
        }
        self.accounts = self.index.accounts().collect();
    }

    /// Whose events are wanted.
    pub(crate) fn accounts(&self) -> &BTreeSet<AccountId> {
        &self.accounts
    }

    /// How many rules there are.
    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Looks at events, all after `before`. Blocks: a tally may have to be begun.
    pub(crate) fn meet(&mut self, fed: &Fed, before: Seq, store: &Store, now: Timestamp) -> Met {
        let Matching { index, rules, .. } = self;
        let mut met = Met::default();
        let mut rows: HashMap<AlertRuleId, Vec<Arc<Row>>> = HashMap::new();
        let mut reached: HashMap<AlertRuleId, i64> = HashMap::new();
        let mut found: Vec<AlertRuleId> = Vec::new();
        for (account, seq, event) in &fed.events {
            found.clear();
            index.look_at(*account, *seq, event, &mut |rule| found.push(*rule));
            if found.is_empty() || event.time() < now.minus(AGE_MAX) {
                continue;
            }
            met.events += 1;
            let row = Arc::new(row(event));
            for id in &found {
                let Streamed { view, search, how, tally, .. } =
                    rules.get_mut(id).expect("what is in the index is here");
                match how {
                    OnStream::Each => rows.entry(*id).or_default().push(row.clone()),
                    OnStream::Counted(counting) => {
                        let tally = tally.get_or_insert_with(|| begin(counting, (view, search), store, before, now));
                        if let Some(second) = count(tally, counting, &row, event, now) {
                            let last = reached.entry(*id).or_insert(second);
                            *last = second.max(*last);
                        }
                    }
                }
            }
        }
        let known = |id: &AlertRuleId| rules[id].known.clone();
        met.rows = rows.iter().map(|(id, rows)| (known(id), newest_first(rows))).collect();
        met.reached = reached.iter().map(|(id, second)| (known(id), *second)).collect();
        met
    }
}

fn newest_first(rows: &[Arc<Row>]) -> Vec<Row> {
    // One more than is looked at, so that the cut is noticed.
    rows.iter().rev().take(ROWS_MAX + 1).map(|row| Row::clone(row)).collect()
}

/// Counts an event; when a number is reached, before which second.
fn count(tally: &mut Tally, counting: &Counting, row: &Row, event: &Event, now: Timestamp) -> Option<i64> {
    if event.time() > now.plus(AHEAD_MAX) {
        return None;
    }
    let second = event.time().0.div_euclid(1000);
    let present = second.max(now.0.div_euclid(1000));
    tally.add(counting, row, second, present).then_some(present + 1)
}

/// The tally of what the store has of a rule's range, up to a number.
fn begin(
    counting: &Counting,
    (view, search): (&Arc<View>, &Search),
    store: &Store,
    through: Seq,
    now: Timestamp,
) -> Tally {
    let from = Timestamp((now.0.div_euclid(1000) - counting.range_seconds) * 1000);
    let scope = Scope { view: view.clone(), from, before: Timestamp::MAX, search: search.clone() };
    let mut tally = Tally::default();
    match store.search(&scope, Order::NewestFirst, None, 0, ROWS_MAX, &Meter::new(TALLY_LIMITS)) {
        Ok(page) => {
            if let Some(cut) = page.cut {
                warn!(%cut, "a count of an alert rule begins with less than there is; its schedule has the rest");
            }
            for owned in page.events.iter().rev().filter(|owned| owned.found.seq <= through) {
                count(&mut tally, counting, &row(&owned.found.event), &owned.found.event, now);
            }
        }
        Err(error) => warn!(%error, "a count of an alert rule begins at nothing; its schedule has the rest"),
    }
    tally
}
