//! The text columns of a segment while a question is answered: each read once, in the order of rows.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, StringArray};
use model::Attribute;
use query::{FieldPath, Meter};

use crate::StoreError;
use crate::segment::{Codes, Segment, Values, is_listed};

/// A column.
pub(crate) struct RowCodes {
    /// The code of each row of the segment; 0: no value.
    pub(crate) of_row: Vec<u32>,
    pub(crate) values: Values,
    /// The rows where the JSON may say something else, ascending; `None`: any row may.
    pub(crate) unplain: Option<Vec<u32>>,
    dictionary: OnceLock<ArrayRef>,
}

/// See the module.
pub(crate) struct Columns {
    pub(crate) segment: Arc<Segment>,
    places: Option<Vec<u32>>,
    read: HashMap<Attribute, Arc<RowCodes>>,
}

/// The attribute that is at a path, if it has a column.
pub(crate) fn attribute_at(path: &FieldPath) -> Option<Attribute> {
    let is_at = |attribute: &Attribute| {
        attribute.path().is_some_and(|keys| {
            keys.len() == path.keys().len()
                && keys.iter().zip(path.keys()).all(|(key, asked)| key.eq_ignore_ascii_case(asked))
        })
    };
    Attribute::ALL.into_iter().find(is_at).filter(|attribute| is_listed(*attribute))
}

impl Columns {
    pub(crate) fn of(segment: Arc<Segment>) -> Columns {
        Columns { segment, places: None, read: HashMap::new() }
    }

    /// The column of an attribute that has codes.
    pub(crate) fn get(&mut self, attribute: Attribute, meter: &Meter) -> Result<Arc<RowCodes>, StoreError> {
        if let Some(column) = self.read.get(&attribute) {
            return Ok(column.clone());
        }
        meter.check()?;
        if let Some((of_row, values)) = self.segment.indexed_codes(attribute) {
            return Ok(self.keep(attribute, of_row, values));
        }
        let Codes { at_place, values, bytes } = Codes::read(&self.segment, attribute)?;
        meter.count(0, bytes);
        let segment = &self.segment;
        let places = self.places.get_or_insert_with(|| segment.places_in(0..segment.entry.rows as u32));
        let of_row = places.iter().map(|place| at_place.get(*place as usize).copied().unwrap_or(0)).collect();
        Ok(self.keep(attribute, of_row, values))
    }

    fn keep(&mut self, attribute: Attribute, of_row: Vec<u32>, values: Values) -> Arc<RowCodes> {
        let unplain = self.segment.unplain(attribute);
        let column = Arc::new(RowCodes { of_row, values, unplain, dictionary: OnceLock::new() });
        self.read.insert(attribute, column.clone());
        column
    }

    /// The column that says what is at a path, in all rows but a few.
    pub(crate) fn at(&mut self, path: &FieldPath, meter: &Meter) -> Result<Option<Arc<RowCodes>>, StoreError> {
        match attribute_at(path).filter(|attribute| self.segment.unplain(*attribute).is_some()) {
            Some(attribute) => self.get(attribute, meter).map(Some),
            None => Ok(None),
        }
    }
}

impl RowCodes {
    /// The values as Arrow has them, without the code of no value. Made once.
    pub(crate) fn dictionary(&self) -> ArrayRef {
        let texts = || (1..self.values.codes() as u32).map(|code| self.values.get(code).unwrap_or_default());
        let make = || Arc::new(StringArray::from_iter_values(texts().map(String::from_utf8_lossy))) as ArrayRef;
        self.dictionary.get_or_init(make).clone()
    }

    /// The rows of a window where the column does not tell.
    pub(crate) fn unplain_in(&self, window: &std::ops::Range<u32>) -> &[u32] {
        let rows = self.unplain.as_deref().unwrap_or_default();
        let start = rows.partition_point(|row| *row < window.start);
        let end = rows.partition_point(|row| *row < window.end);
        &rows[start..end]
    }
}
