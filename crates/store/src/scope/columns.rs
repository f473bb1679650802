//! The columns of a segment while a question is answered: each looked for once, in memory and then in the files.

use std::collections::HashMap;
use std::sync::Arc;

use model::Attribute;
use model::event::Category;
use query::{FieldPath, Meter};

use crate::StoreError;
use crate::segment::{Codes, Kept, RowCodes, Segment, Values, is_listed};

/// See the module.
pub(crate) struct Columns {
    pub(crate) segment: Arc<Segment>,
    places: Option<Vec<u32>>,
    read: HashMap<Kept, Arc<RowCodes>>,
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

/// The kinds of events that selectors tell apart: the category, and whether something was only read.
pub(super) fn kinds_there_are() -> impl Iterator<Item = (Category, bool)> {
    Category::ALL.into_iter().flat_map(|category| [(category, false), (category, true)])
}

impl Columns {
    pub(crate) fn of(segment: Arc<Segment>) -> Columns {
        Columns { segment, places: None, read: HashMap::new() }
    }

    /// Whether a column needs no file.
    pub(crate) fn is_at_hand(&self, which: Kept) -> bool {
        self.read.contains_key(&which) || self.segment.kept_column(which).is_some()
    }

    /// The column of an attribute that has codes.
    pub(crate) fn get(&mut self, attribute: Attribute, meter: &Meter) -> Result<Arc<RowCodes>, StoreError> {
        let which = Kept::Values(attribute);
        if let Some(column) = self.known(which) {
            return Ok(column);
        }
        meter.check()?;
        let unplain = self.segment.unplain(attribute);
        if let Some((of_row, values)) = self.segment.indexed_codes(attribute) {
            return Ok(self.keep(which, RowCodes::new(of_row, values, unplain)));
        }
        let Codes { at_place, values, bytes } = Codes::read(&self.segment, attribute)?;
        meter.count(0, bytes);
        let segment = &self.segment;
        let places = self.places.get_or_insert_with(|| segment.places_in(0..segment.entry.rows as u32));
        let of_row = places.iter().map(|place| at_place.get(*place as usize).copied().unwrap_or(0)).collect();
        Ok(self.keep(which, RowCodes::new(of_row, values, unplain)))
    }

    /// The kind of each row, as its position in [`kinds_there_are`]. Told by facts, plain or not: selectors ask for facts.
    pub(super) fn kinds(&mut self, meter: &Meter) -> Result<Arc<RowCodes>, StoreError> {
        if let Some(kinds) = self.known(Kept::Kinds) {
            return Ok(kinds);
        }
        let all: Vec<(Category, bool)> = kinds_there_are().collect();
        let columns = [Attribute::EventCategory, Attribute::EventType, Attribute::EventRw];
        let [category, kind, rw] = columns.map(|attribute| self.get(attribute, meter));
        let (category, kind, rw) = (category?, kind?, rw?);
        let told = |codes: [u32; 3]| {
            let text = |column: &RowCodes, code| {
                column.values.get(code).map(|text| String::from_utf8_lossy(text).into_owned())
            };
            let (stated, of_type) = (text(&category, codes[0]), text(&kind, codes[1]));
            let is_read = text(&rw, codes[2]).as_deref() == Some("Read");
            let kind = (Category::of(stated.as_deref(), of_type.as_deref()), is_read);
            all.iter().position(|each| *each == kind).expect("every category is there") as u32
        };
        // There are few combinations.
        let mut known: HashMap<[u32; 3], u32> = HashMap::new();
        let rows = 0..self.segment.entry.rows as u32;
        let codes = rows.map(|row| [&category, &kind, &rw].map(|column| column.of_row.get(row)));
        let kinds = codes.map(|codes| *known.entry(codes).or_insert_with(|| told(codes))).collect();
        Ok(self.keep(Kept::Kinds, RowCodes::new(kinds, Values::default(), None)))
    }

    fn known(&mut self, which: Kept) -> Option<Arc<RowCodes>> {
        if let Some(column) = self.read.get(&which) {
            return Some(column.clone());
        }
        let column = self.segment.kept_column(which)?;
        self.read.insert(which, column.clone());
        Some(column)
    }

    fn keep(&mut self, which: Kept, column: RowCodes) -> Arc<RowCodes> {
        let column = Arc::new(column);
        self.segment.keep_column(which, column.clone());
        self.read.insert(which, column.clone());
        column
    }

    /// The column that says what is at a path, in all rows but a few.
    pub(crate) fn at(&mut self, path: &FieldPath, meter: &Meter) -> Result<Option<Arc<RowCodes>>, StoreError> {
        match attribute_at(path).filter(|attribute| self.segment.knows_plain(*attribute)) {
            Some(attribute) => self.get(attribute, meter).map(Some),
            None => Ok(None),
        }
    }
}
