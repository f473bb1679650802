//! A segment: events that never change again, in two files.
//!
//! ```text
//! segments/<first>-<last>-<level>.parquet   typed columns and the verbatim JSON, neighbours alike
//! segments/<first>-<last>-<level>.index     which rows hold a value, which pages hold a token, where each page is
//! ```
//!
//! The rows of an account are one run in order of time, so "the newest of this account" is the end of a run and
//! needs no index. Attribute values lead to rows, tokens to pages of the JSON column (about 100 rows), and a page is
//! read with one positioned read, one checksum and one decompression. See `docs/decisions/0003-segments.md`.

mod account_codes;
mod arrangement;
mod build;
mod caches;
mod check;
mod codes;
mod columns;
mod format;
mod gather;
mod key_words;
mod leftover;
mod packed;
mod pages;
mod parquet_rows;
mod postings;
mod reader;
mod row_codes;
mod term_table;
mod text_columns;
mod unplain;

#[cfg(test)]
mod mutated;

pub use check::{CheckedSegment, SegmentProblem, check_segment, rebuild_index};

pub(crate) use arrangement::BLOCK_ROWS;
pub(crate) use build::{Built, ROWS_MAX, Row, build, paths};
pub(crate) use caches::{Caches, Kept};
pub(crate) use codes::{Codes, Values, has_codes};
#[cfg(test)]
pub(crate) use format::without_optional_sections;
pub(crate) use leftover::newest;
pub(crate) use reader::{OpenPage, Segment};
pub(crate) use row_codes::RowCodes;
pub(crate) use term_table::Occurrences;
pub(crate) use text_columns::{ColumnValues, TextColumns, has_column};
pub(crate) use unplain::is_listed;
