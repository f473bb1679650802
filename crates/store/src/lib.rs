//! Where events live and are found.
//!
//! Durable events arrive from the journal and are visible at once: they sit in memory with a small index
//! ([`recent`]). When enough have gathered they are written as a *segment*: a Parquet file any engine can read, and
//! an index beside it that answers "which rows" ([`segment`]). Segments and the store's cursor are published in one
//! transaction of the catalog; then the journal is trimmed. Small segments are merged, old ones removed.
//!
//! A page walks memory and segments from the newest and stops when it is full ([`search`]), whether it is of a lookup or of a
//! search over a view. The index only proposes rows: every event returned has been checked against the question, so a hash
//! collision costs a microsecond and never a wrong answer.

mod aggregate;
mod by_number;
mod check;
mod combinations;
mod count;
mod error;
mod id_filter;
mod lookup;
mod many;
mod metrics;
mod pairs;
mod ranked;
mod recent;
mod row_set;
mod scan;
mod scope;
mod search;
mod segment;
mod still_shown;
mod store;
mod terms;
mod undelivered;
mod units;
mod upkeep;

pub use aggregate::{Aggregate, Aggregation, GROUP_ATTRIBUTES_MAX, Group};
pub use check::{Stray, stray_files};
pub use combinations::combinations_schema;
pub use count::Counted;
pub use error::{OpenError, StoreError};
pub use lookup::{Condition, Found, Lookup, Page, Position, Stretch};
pub use many::{Owned, StretchOfMany};
pub use scan::{Scan, scan_schema};
pub use search::SearchPage;
pub use segment::{CheckedSegment, SegmentProblem, check_segment, rebuild_index};
pub use store::{Config, Statistics, Store};
