//! One parameter of an operation: its name, what it may hold, and the code that refuses it.

use crate::codes::ErrorCode;
use crate::format::Rule;

/// What a parameter holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text that keeps a rule.
    Text(Rule),
    /// One of these words, spelled exactly so.
    Choice(&'static [&'static str]),
    /// `true` or `false` in any case: Python clients send `True`.
    Bool,
    /// A whole number.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A point in time, `YYYY-MM-DDThh:mm:ssZ`.
    Time,
    /// A flattened list: `Name.1.Field`, counted from 1.
    List {
        /// The fields of an entry.
        fields: &'static [Param],
        /// More entries than this are refused.
        entries_max: usize,
    },
    /// Published by Alibaba Cloud and not built here: refused when it is given, with this reason.
    Unsupported(&'static str),
}

/// What stands for a parameter that is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The call is refused.
    Refused,
    /// Nothing; the operation says what that means.
    Nothing,
    /// This value.
    Value(&'static str),
    /// The name of the calling RAM user; nothing for the account itself.
    CallersName,
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What stands for it when it is not given.
    pub absent: Absent,
    /// Whether `Name=` says something else than leaving it out (usually "take the value away").
    pub keeps_empty: bool,
    /// Whether its value must not be recorded.
    pub secret: bool,
    /// The code for a value outside its rule; `None` for the service's usual one.
    pub refusal: Option<ErrorCode>,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

impl Param {
    const fn new(name: &'static str, kind: Kind, meaning: &'static str) -> Param {
        Param { name, kind, absent: Absent::Nothing, keeps_empty: false, secret: false, refusal: None, meaning }
    }

    /// A text.
    pub const fn text(name: &'static str, rule: Rule, meaning: &'static str) -> Param {
        Param::new(name, Kind::Text(rule), meaning)
    }

    /// One of some words.
    pub const fn choice(name: &'static str, words: &'static [&'static str], meaning: &'static str) -> Param {
        Param::new(name, Kind::Choice(words), meaning)
    }

    /// True or false.
    pub const fn boolean(name: &'static str, meaning: &'static str) -> Param {
        Param::new(name, Kind::Bool, meaning)
    }

    /// A whole number.
    pub const fn integer(name: &'static str, min: i64, max: i64, meaning: &'static str) -> Param {
        Param::new(name, Kind::Integer { min, max }, meaning)
    }

    /// A point in time.
    pub const fn time(name: &'static str, meaning: &'static str) -> Param {
        Param::new(name, Kind::Time, meaning)
    }

    /// A flattened list.
    pub const fn list(
        name: &'static str,
        fields: &'static [Param],
        entries_max: usize,
        meaning: &'static str,
    ) -> Param {
        Param::new(name, Kind::List { fields, entries_max }, meaning)
    }

    /// A published parameter that is not built.
    pub const fn unsupported(name: &'static str, reason: &'static str) -> Param {
        Param::new(name, Kind::Unsupported(reason), "not built yet")
    }

    /// Must be given.
    #[must_use]
    pub const fn required(mut self) -> Param {
        self.absent = Absent::Refused;
        self
    }

    /// This stands for it when it is not given.
    #[must_use]
    pub const fn or(mut self, value: &'static str) -> Param {
        self.absent = Absent::Value(value);
        self
    }

    /// The calling user's name stands for it when it is not given.
    #[must_use]
    pub const fn or_callers_name(mut self) -> Param {
        self.absent = Absent::CallersName;
        self
    }

    /// An empty value is a value.
    #[must_use]
    pub const fn keeps_empty(mut self) -> Param {
        self.keeps_empty = true;
        self
    }

    /// Its value is never recorded.
    #[must_use]
    pub const fn secret(mut self) -> Param {
        self.secret = true;
        self
    }

    /// The code that refuses it.
    #[must_use]
    pub const fn refused_as(mut self, code: ErrorCode) -> Param {
        self.refusal = Some(code);
        self
    }
}
