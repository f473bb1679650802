//! A text column of a segment in the order of rows, as narrow as its values allow: what counting and deciding reads.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, StringArray};

use super::Values;
use crate::row_set::RowSet;

/// A column.
pub(crate) struct RowCodes {
    /// The code of each row of the segment; 0: no value.
    pub(crate) of_row: Narrow,
    pub(crate) values: Values,
    /// The rows where the JSON may say something else, ascending; `None`: any row may.
    pub(crate) unplain: Option<Vec<u32>>,
    dictionary: OnceLock<ArrayRef>,
}

/// Numbers with as many bytes as the greatest needs.
pub(crate) enum Narrow {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Narrow {
    fn of(numbers: Vec<u32>) -> Narrow {
        match numbers.iter().copied().max().unwrap_or(0) {
            0..0x100 => Narrow::One(numbers.into_iter().map(|number| number as u8).collect()),
            0x100..0x1_0000 => Narrow::Two(numbers.into_iter().map(|number| number as u16).collect()),
            _ => Narrow::Four(numbers),
        }
    }

    /// The number of a row; 0 where there is none.
    pub(crate) fn get(&self, row: u32) -> u32 {
        let row = row as usize;
        match self {
            Narrow::One(numbers) => numbers.get(row).copied().unwrap_or(0).into(),
            Narrow::Two(numbers) => numbers.get(row).copied().unwrap_or(0).into(),
            Narrow::Four(numbers) => numbers.get(row).copied().unwrap_or(0),
        }
    }

    /// Appends the numbers of these rows, all of which there are.
    pub(crate) fn append(&self, rows: &Range<u32>, into: &mut Vec<u32>) {
        let rows = rows.start as usize..rows.end as usize;
        match self {
            Narrow::One(numbers) => into.extend(numbers[rows].iter().map(|number| u32::from(*number))),
            Narrow::Two(numbers) => into.extend(numbers[rows].iter().map(|number| u32::from(*number))),
            Narrow::Four(numbers) => into.extend_from_slice(&numbers[rows]),
        }
    }

    /// The rows of a window whose number is wanted.
    pub(crate) fn rows_with(&self, window: &Range<u32>, is_wanted: impl Fn(u32) -> bool) -> RowSet {
        let rows = window.start as usize..window.end as usize;
        match self {
            Narrow::One(numbers) => RowSet::of_entries(window, &numbers[rows], |number| is_wanted(number.into())),
            Narrow::Two(numbers) => RowSet::of_entries(window, &numbers[rows], |number| is_wanted(number.into())),
            Narrow::Four(numbers) => RowSet::of_entries(window, &numbers[rows], is_wanted),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Narrow::One(numbers) => numbers.len(),
            Narrow::Two(numbers) => numbers.len() * 2,
            Narrow::Four(numbers) => numbers.len() * 4,
        }
    }
}

impl RowCodes {
    /// A column. Its codes are those of `values`, unless they mean something else.
    pub(crate) fn new(of_row: Vec<u32>, values: Values, unplain: Option<Vec<u32>>) -> RowCodes {
        RowCodes { of_row: Narrow::of(of_row), values, unplain, dictionary: OnceLock::new() }
    }

    /// The memory it takes, with its dictionary if that is ever made.
    pub(crate) fn bytes(&self) -> usize {
        let unplain = self.unplain.as_ref().map_or(0, |rows| rows.len() * 4);
        self.of_row.bytes() + 2 * self.values.bytes() + unplain + size_of::<RowCodes>()
    }

    /// The values as Arrow has them, without the code of no value. Made once.
    pub(crate) fn dictionary(&self) -> ArrayRef {
        let texts = || (1..self.values.codes() as u32).map(|code| self.values.get(code).unwrap_or_default());
        let make = || Arc::new(StringArray::from_iter_values(texts().map(String::from_utf8_lossy))) as ArrayRef;
        self.dictionary.get_or_init(make).clone()
    }

    /// The rows of a window where the column does not tell.
    pub(crate) fn unplain_in(&self, window: &Range<u32>) -> &[u32] {
        let rows = self.unplain.as_deref().unwrap_or_default();
        let start = rows.partition_point(|row| *row < window.start);
        let end = rows.partition_point(|row| *row < window.end);
        &rows[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_whatever_their_width() {
        for end in [3_u32, 256, 257, 65_536, 65_537, 1_000_000] {
            let numbers: Vec<u32> = (0..200).map(|n| if n % 7 == 0 { end - 1 } else { n % end }).collect();
            let narrow = Narrow::of(numbers.clone());
            let all: Vec<u32> = (0..200).map(|row| narrow.get(row)).collect();
            assert_eq!(all, numbers, "{end}");
            let mut some = Vec::new();
            narrow.append(&(50..150), &mut some);
            assert_eq!(some, numbers[50..150], "{end}");
            let rows: Vec<u32> = narrow.rows_with(&(50..150), |number| number == end - 1).iter().collect();
            let expected: Vec<u32> = (50..150).filter(|row| numbers[*row as usize] == end - 1).collect();
            assert_eq!(rows, expected, "{end}");
            assert_eq!(narrow.get(200), 0);
        }
    }
}
