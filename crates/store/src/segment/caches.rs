//! What was read of segments lately and is kept in memory, within limits: pages of JSON, and columns as they are counted.

use std::sync::Arc;

use bytes::Bytes;
use model::Attribute;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::row_codes::RowCodes;

/// A column in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kept {
    /// The values of an attribute.
    Values(Attribute),
    /// The events' kinds.
    Kinds,
}

/// Both; segments are told apart by the manifest's number.
pub(crate) struct Caches {
    /// Uncompressed pages of JSON.
    pub(super) pages: Cache<(i64, u32), Bytes, ByBytes>,
    /// Columns in the order of rows.
    pub(super) columns: Cache<(i64, Kept), Arc<RowCodes>, ByBytes>,
}

#[derive(Clone)]
pub(super) struct ByBytes;

impl Weighter<(i64, u32), Bytes> for ByBytes {
    fn weight(&self, _: &(i64, u32), page: &Bytes) -> u64 {
        page.len() as u64 + 64
    }
}

impl Weighter<(i64, Kept), Arc<RowCodes>> for ByBytes {
    fn weight(&self, _: &(i64, Kept), column: &Arc<RowCodes>) -> u64 {
        column.bytes() as u64 + 64
    }
}

impl Caches {
    /// Caches of at most so many bytes for pages and for columns.
    pub(crate) fn of_bytes(pages: u64, columns: u64) -> Caches {
        Caches {
            pages: Cache::with_weighter((pages / (32 << 10)).max(1) as usize, pages, ByBytes),
            columns: Cache::with_weighter((columns / (128 << 10)).max(1) as usize, columns, ByBytes),
        }
    }
}
