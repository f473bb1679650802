//! One condition of a question, and what the index or the columns of a segment tell of it.

use std::ops::Range;
use std::sync::Arc;

use model::Attribute;
use model::logstore::View;
use query::Meter;
use query::search::Test;

use super::columns::Columns;
use super::value_test::verdicts;
use crate::StoreError;
use crate::row_set::Bounds;
use crate::segment::{Occurrences, RowCodes, Segment};
use crate::terms::NESTED_ESCAPE_MARK;

/// A condition.
pub(super) enum Leaf {
    /// One of a search.
    Searched(Searched),
    /// One of the attribute's values is this.
    Value(Attribute, String),
    /// A value has the words of these hashes.
    Phrase(Vec<u64>),
    /// The event is of some category. No index leads there.
    Category,
}

/// A condition of a search.
pub(super) struct Searched {
    /// Hashes of words the event has, in values or as keys; all of them.
    pub(super) words: Vec<u64>,
    /// Whether the words may stand in a text within a text.
    pub(super) may_be_nested: bool,
    pub(super) column: Option<(Attribute, Test)>,
    /// Whether a column cannot tell a `null` from nothing, and the condition can.
    pub(super) tells_null: bool,
}

/// What is known of a condition in a segment.
pub(super) enum Told<'s> {
    /// Nothing.
    Anything,
    /// Only rows on these pages may fulfil it.
    OnPages(Vec<u32>),
    /// Only these rows may fulfil it.
    InRows(Occurrences<'s>),
    /// The value of the column tells.
    ByColumn { column: Arc<RowCodes>, verdicts: Vec<bool>, tells_null: bool },
}

impl Leaf {
    /// What the index proposes for the accounts of a view.
    pub(super) fn propose_on<'s>(&self, segment: &'s Segment, view: &View) -> Told<'s> {
        match self {
            Leaf::Searched(searched) => searched.by_pages(segment),
            Leaf::Value(Attribute::EventId, id) => {
                let rows = view.accounts().flat_map(|(account, _)| segment.id(account, id));
                Told::InRows(Occurrences::Few(rows.collect()))
            }
            Leaf::Value(attribute, value) => Told::InRows(segment.attribute(*attribute, value)),
            Leaf::Phrase(words) => pages_with(segment, words.iter().copied()).map_or(Told::Anything, Told::OnPages),
            Leaf::Category => Told::Anything,
        }
    }

    /// What the columns tell, and the pages where there is no column.
    pub(super) fn decide_on(&self, columns: &mut Columns, meter: &Meter) -> Result<Told<'static>, StoreError> {
        match self {
            Leaf::Searched(searched) => searched.by_column(columns, meter),
            Leaf::Value(..) | Leaf::Phrase(_) | Leaf::Category => Ok(Told::Anything),
        }
    }
}

impl Searched {
    /// Words lead to pages, unless they may be keys.
    fn by_pages(&self, segment: &Segment) -> Told<'static> {
        let words = self.words.iter().copied().filter(|hash| !segment.may_have_key_word(*hash));
        let Some(mut pages) = pages_with(segment, words) else { return Told::Anything };
        if self.may_be_nested {
            if !segment.marks_nested_escapes() {
                return Told::Anything;
            }
            segment.token(NESTED_ESCAPE_MARK).places_in(0..u32::MAX, &mut pages);
            pages.sort_unstable();
            pages.dedup();
        }
        Told::OnPages(pages)
    }

    fn by_column(&self, columns: &mut Columns, meter: &Meter) -> Result<Told<'static>, StoreError> {
        if let Some((attribute, test)) = &self.column
            && columns.segment.knows_plain(*attribute)
        {
            if let Told::OnPages(pages) = self.by_pages(&columns.segment)
                && pages.is_empty()
            {
                return Ok(Told::OnPages(pages));
            }
            let column = columns.get(*attribute, meter)?;
            let verdicts = verdicts(test, &column.values);
            return Ok(Told::ByColumn { column, verdicts, tells_null: self.tells_null });
        }
        Ok(self.by_pages(&columns.segment))
    }
}

/// The pages that have all of these words; `None` without a word.
fn pages_with(segment: &Segment, words: impl Iterator<Item = u64>) -> Option<Vec<u32>> {
    let of_word = |hash| {
        let mut pages = Vec::new();
        segment.token(hash).places_in(0..u32::MAX, &mut pages);
        pages
    };
    words.map(of_word).reduce(|pages, of_word| intersect(&pages, &of_word))
}

/// The numbers in both ascending lists.
fn intersect(left: &[u32], right: &[u32]) -> Vec<u32> {
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    if short.len() * 16 < long.len() {
        return short.iter().copied().filter(|number| long.binary_search(number).is_ok()).collect();
    }
    let mut both = Vec::with_capacity(short.len());
    let mut rest = long.iter().peekable();
    for number in short {
        while rest.next_if(|other| *other < number).is_some() {}
        if rest.peek() == Some(&number) {
            both.push(*number);
        }
    }
    both
}

impl Told<'_> {
    /// Whether no row can fulfil it.
    pub(super) fn is_nowhere(&self) -> bool {
        match self {
            Told::OnPages(pages) => pages.is_empty(),
            Told::InRows(rows) => rows.count() == 0,
            Told::Anything | Told::ByColumn { .. } => false,
        }
    }

    pub(super) fn bounds(&self, segment: &Segment, window: &Range<u32>) -> Bounds {
        match self {
            Told::Anything => Bounds::unknown(window),
            Told::OnPages(pages) => Bounds::perhaps(window, &segment.rows_on(pages, window)),
            Told::InRows(rows) => {
                let mut in_window = Vec::new();
                rows.places_in(window.clone(), &mut in_window);
                Bounds::perhaps(window, &in_window)
            }
            Told::ByColumn { column, verdicts, tells_null } => {
                let holds = |code: u32| verdicts.get(code as usize).copied().unwrap_or(false);
                let mut bounds = Bounds::exact(column.of_row.rows_with(window, holds));
                if *tells_null {
                    bounds.perhaps.or(&column.of_row.rows_with(window, |code| code == 0));
                }
                for row in column.unplain_in(window) {
                    bounds.surely.remove(*row);
                    bounds.perhaps.insert(*row);
                }
                bounds
            }
        }
    }
}
