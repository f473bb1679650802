//! The query language, its limits, and the contract of whoever answers.
//!
//! A query is `search | SQL`. The search part ([`search`]) says which events; the store answers it from its index and asks
//! [`search::Search::holds`] about each event it proposes, so there is one place that says what a search means. The SQL
//! part is answered by an [`Engine`] over what the search left. Every answer has [`limits`] and says when it was cut short.

pub mod admission;
pub mod engine;
pub mod limits;
pub mod parse;
pub mod scan;
pub mod search;
pub mod tables;
mod texts;

pub use admission::{Admission, Ticket, TooManyQueries};
pub use engine::{Answer, Dialect, Engine, QueryError, Question, Source, Table, Window, WindowAnswer, WindowAnswers};
pub use limits::{Cut, Limits, Meter};
pub use parse::{ParseError, Sql, Statement, parse};
pub use scan::{Column, Order, Scope};
pub use search::extract;
pub use search::holds::Matcher;
pub use search::{FieldPath, Search};
pub use tables::{Tables, TablesError};
pub use texts::texts;
