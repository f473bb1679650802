//! The text columns of a segment while a question is answered: each looked for once, in the
//! segment's cache and then in its files.

use std::collections::HashMap;
use std::sync::Arc;

use model::Attribute;
use query::{FieldPath, Meter};

use crate::StoreError;
use crate::segment::{Codes, RowCodes, Segment, Values, is_listed};

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

    /// Whether [`Columns::get`] needs no file for it.
    pub(crate) fn is_at_hand(&self, attribute: Attribute) -> bool {
        self.read.contains_key(&attribute) || self.segment.cached_column(attribute).is_some()
    }

    /// The column of an attribute that has codes.
    pub(crate) fn get(&mut self, attribute: Attribute, meter: &Meter) -> Result<Arc<RowCodes>, StoreError> {
        if let Some(column) = self.read.get(&attribute) {
            return Ok(column.clone());
        }
        meter.check()?;
        if let Some(column) = self.segment.cached_column(attribute) {
            self.read.insert(attribute, column.clone());
            return Ok(column);
        }
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
        let column = Arc::new(RowCodes::new(of_row, values, self.segment.unplain(attribute)));
        self.segment.cache_column(attribute, column.clone());
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
