//! The columns that are grouped by, as codes of some rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, DictionaryArray, UInt32Array};
use model::{AccountId, Attribute, Event};
use query::extract::Value;
use query::{Column, Meter};

use super::By;
use crate::StoreError;
use crate::scan::dictionary;
use crate::scope::{Work, attribute_at};
use crate::segment::{RowCodes, Values};

/// Columns, and their codes of the rows at hand; 0 is no value.
pub(super) struct Coded {
    columns: Vec<OneColumn>,
    codes: Vec<Vec<u32>>,
}

struct OneColumn {
    /// The fact that is at the path, if any.
    attribute: Option<Attribute>,
    is_account: bool,
    /// A segment's column, whose codes come first.
    typed: Option<Arc<RowCodes>>,
    /// Texts that have no code there; theirs count on behind it.
    others: Values,
    known: HashMap<Box<[u8]>, u32>,
}

impl OneColumn {
    fn typed_codes(&self) -> u32 {
        self.typed.as_ref().map_or(1, |typed| typed.values.codes() as u32)
    }

    fn code_of(&mut self, text: &[u8]) -> u32 {
        if let Some(code) = self.known.get(text) {
            return *code;
        }
        let code = self.typed_codes() - 1 + self.others.push(text);
        self.known.insert(text.into(), code);
        code
    }

    fn text(&self, code: u32) -> Option<&[u8]> {
        let typed = self.typed_codes();
        if code < typed {
            return self.typed.as_ref().and_then(|column| column.values.get(code));
        }
        self.others.get(code + 1 - typed)
    }
}

impl Coded {
    /// Columns without a segment.
    pub(super) fn of_texts(by: &By) -> Coded {
        let one = |column: &Column| OneColumn {
            attribute: if let Column::Field(path) = column { attribute_at(path) } else { None },
            is_account: *column == Column::Account,
            typed: None,
            others: Values::default(),
            known: HashMap::new(),
        };
        let columns: Vec<OneColumn> = by.columns.iter().map(one).collect();
        Coded { codes: vec![Vec::new(); columns.len()], columns }
    }

    /// Columns of a segment.
    pub(super) fn in_segment(by: &By, work: &mut Work, meter: &Meter) -> Result<Coded, StoreError> {
        let mut coded = Coded::of_texts(by);
        for (one, column) in coded.columns.iter_mut().zip(&by.columns) {
            if let Column::Field(path) = column {
                one.typed = work.columns.at(path, meter)?;
            }
        }
        Ok(coded)
    }

    /// For each column, the code of each row at hand.
    pub(super) fn codes(&self) -> &[Vec<u32>] {
        &self.codes
    }

    /// Adds an event to the rows at hand. Facts that are plain need no JSON.
    pub(super) fn push_event(&mut self, by: &By, account: AccountId, event: &Event) {
        let is_fact = |one: &OneColumn| one.is_account || one.attribute.is_some_and(|each| event.is_plain(each));
        let needs_json = !self.columns.iter().all(is_fact);
        let mut values = if needs_json { by.paths.values(event.raw()) } else { Vec::new() }.into_iter();
        for (one, codes) in self.columns.iter_mut().zip(&mut self.codes) {
            if one.is_account {
                codes.push(one.code_of(account.as_bytes()));
                continue;
            }
            let value = values.next().flatten();
            codes.push(match one.attribute.filter(|each| event.is_plain(*each)) {
                Some(attribute) => event.first(attribute).map_or(0, |text| one.code_of(text.as_bytes())),
                None => value.and_then(Value::into_text).map_or(0, |text| one.code_of(text.as_bytes())),
            });
        }
    }

    /// Makes these rows of one account the rows at hand.
    pub(super) fn set_rows(
        &mut self,
        by: &By,
        work: &mut Work,
        account: AccountId,
        rows: &[u32],
        meter: &Meter,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let window = *first..*last + 1;
        let mut needs_json: Vec<u32> = Vec::new();
        let mut all_need_json = false;
        for (one, codes) in self.columns.iter_mut().zip(&mut self.codes) {
            codes.clear();
            match &one.typed {
                Some(column) if rows.len() == window.len() => {
                    column.of_row.append(&window, codes);
                }
                Some(column) => codes.extend(rows.iter().map(|row| column.of_row.get(*row))),
                None if one.is_account => {
                    let code = one.code_of(account.as_bytes());
                    codes.resize(rows.len(), code);
                }
                None => {
                    codes.resize(rows.len(), 0);
                    all_need_json = true;
                }
            }
            if let Some(column) = &one.typed {
                needs_json.extend(column.unplain_in(&window));
            }
        }
        if all_need_json {
            needs_json = rows.to_vec();
        } else {
            needs_json.sort_unstable();
            needs_json.dedup();
            needs_json.retain(|row| rows.binary_search(row).is_ok());
        }
        self.read(by, work, rows, needs_json, meter)
    }

    /// Sets the codes that only the JSON tells.
    fn read(
        &mut self,
        by: &By,
        work: &mut Work,
        rows: &[u32],
        mut needs_json: Vec<u32>,
        meter: &Meter,
    ) -> Result<(), StoreError> {
        work.sort_by_place(&mut needs_json);
        for row in needs_json {
            let raw = work.raw(row, meter)?;
            let at = rows.binary_search(&row).expect("only rows at hand are read");
            let mut values = by.paths.values(&raw).into_iter();
            for (one, codes) in self.columns.iter_mut().zip(&mut self.codes).filter(|(one, _)| !one.is_account) {
                let value = values.next().flatten();
                let is_told = one.typed.as_ref().is_some_and(|column| column.unplain_in(&(row..row + 1)).is_empty());
                if !is_told {
                    codes[at] = value.and_then(Value::into_text).map_or(0, |text| one.code_of(text.as_bytes()));
                }
            }
        }
        Ok(())
    }

    /// The values of these codes of a column.
    pub(super) fn array(&self, column: usize, codes: &[u32]) -> ArrayRef {
        let one = &self.columns[column];
        match &one.typed {
            Some(typed) if one.known.is_empty() => {
                let keys: UInt32Array = codes.iter().map(|code| code.checked_sub(1)).collect();
                let array = DictionaryArray::<UInt32Type>::try_new(keys, typed.dictionary());
                Arc::new(array.expect("every code has a value"))
            }
            _ => {
                let texts: Vec<_> = codes.iter().map(|code| one.text(*code).map(String::from_utf8_lossy)).collect();
                dictionary(texts.iter().map(|text| text.as_deref()))
            }
        }
    }
}
