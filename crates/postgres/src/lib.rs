//! The PostgreSQL wire protocol: psql, drivers and dashboards ask the history in SQL.
//!
//! [`Server`] accepts connections; a `login` makes a `session` of one, `statements` says what a text asks for, and `ask`
//! hands it to [`query::Engine`] and streams the rows. Nothing is planned here and nothing can be changed from here. No
//! statement runs without a caller, who is looked up again each time.

mod ask;
mod cancels;
mod errors;
mod extended;
mod lexer;
mod login;
mod metrics;
mod parameters;
mod rows;
mod server;
mod session;
mod settings;
mod simple;
mod statements;

pub use server::{Config, Parts, Server, TlsSource};
