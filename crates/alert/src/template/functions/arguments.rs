//! The arguments of a call: by place or by name, as in Python.

use std::cell::RefCell;

use minijinja::value::{Kwargs, from_args};
use minijinja::{Error, ErrorKind, Value};

use super::text_of;
use crate::Locale;

/// What a function was called with.
pub(in crate::template) struct Arguments<'a> {
    function: &'static str,
    by_place: &'a [Value],
    by_name: Kwargs,
    used: RefCell<usize>,
}

impl<'a> Arguments<'a> {
    pub(super) fn read(function: &'static str, all: &'a [Value]) -> Result<Arguments<'a>, Error> {
        let (by_place, by_name): (&[Value], Kwargs) = from_args(all)?;
        let by_place = &all[..by_place.len()];
        Ok(Arguments { function, by_place, by_name, used: RefCell::new(0) })
    }

    /// The argument at this place or of this name; nothing when it was not given.
    pub(super) fn optional(&self, place: usize, name: &str) -> Option<Value> {
        let mut used = self.used.borrow_mut();
        *used = (*used).max(place + 1);
        let given = match self.by_place.get(place) {
            Some(value) => Some(value.clone()),
            None => self.by_name.get::<Option<Value>>(name).ok().flatten(),
        };
        given.filter(|value| !value.is_undefined())
    }

    /// The first argument. One that is not there is nothing, as everywhere in templates.
    pub(super) fn value(&self) -> Value {
        self.optional(0, "value").unwrap_or(Value::from(()))
    }

    pub(super) fn text(&self) -> String {
        text_of(&self.value())
    }

    pub(super) fn optional_text(&self, place: usize, name: &str) -> Option<String> {
        self.optional(place, name).filter(|value| !value.is_none()).map(|value| text_of(&value))
    }

    pub(super) fn needed_text(&self, place: usize, name: &str) -> Result<String, Error> {
        self.optional_text(place, name).ok_or_else(|| self.missing(name))
    }

    pub(super) fn number(&self, place: usize, name: &str, default: usize) -> Result<usize, Error> {
        match self.optional(place, name).filter(|value| !value.is_none()) {
            None => Ok(default),
            Some(value) => value.as_usize().ok_or_else(|| {
                super::wrong(format!("{}: {name} must be a number that is not negative", self.function))
            }),
        }
    }

    pub(super) fn flag(&self, place: usize, name: &str) -> bool {
        self.optional(place, name).is_some_and(|value| value.is_true())
    }

    /// The argument `locale`, or the template's own.
    pub(super) fn locale(&self, place: usize, own: Locale) -> Result<Locale, Error> {
        match self.optional_text(place, "locale").as_deref() {
            None | Some("") => Ok(own),
            Some("en-US" | "en") => Ok(Locale::English),
            Some("zh-CN" | "cn") => Ok(Locale::Chinese),
            Some(_) => Err(super::wrong(format!("{}: locale must be en-US or zh-CN", self.function))),
        }
    }

    /// All arguments by place, for the few functions that take any number.
    pub(super) fn places(&self) -> &'a [Value] {
        *self.used.borrow_mut() = usize::MAX;
        self.by_place
    }

    pub(super) fn names(&self) -> Vec<(String, Value)> {
        let pair = |name: &str| (name.to_owned(), self.by_name.get::<Value>(name).unwrap_or_default());
        let names: Vec<String> = self.by_name.args().map(str::to_owned).collect();
        names.iter().map(|name| pair(name)).collect()
    }

    pub(super) fn all_used(&self) -> Result<(), Error> {
        if self.by_place.len() > *self.used.borrow() {
            let message = format!("{} takes at most {} arguments", self.function, self.used.borrow());
            return Err(Error::new(ErrorKind::TooManyArguments, message));
        }
        self.by_name.assert_all_used()
    }

    fn missing(&self, name: &str) -> Error {
        Error::new(ErrorKind::MissingArgument, format!("{} needs the argument {name}", self.function))
    }
}
