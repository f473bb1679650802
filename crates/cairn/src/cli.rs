//! The command line as a whole. What each group takes is in its own file of `commands`.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::commands::{
    account, alert, backup, bucket, completions, demo, doctor, events, import, init, key, policy, profile, restore,
    serve, sql, token, trail, user,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Yellow.on_default());

/// A self-hosted audit trail that speaks Alibaba Cloud ActionTrail's API.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, styles = STYLES, arg_required_else_help = true, after_help = "\
First steps:
  cairn demo                             a node with sample events, and what to try
  cairn serve --data ./cairn-data        a node of your own; its first start prints a key
  cairn profile set default --access-key-id ID
                                         save that key for the other commands
  cairn events put events.ndjson         put events
  cairn events lookup --attr User=alice  find them

Each command explains itself: cairn events lookup --help")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a node
    Serve(serve::Serve),
    /// Create the management account in an empty data folder and print its key
    Init(init::Init),
    /// Run a node with sample events and a trail, and say what to try
    Demo(demo::Demo),
    /// Check a data folder, say what is wrong with it and what to do; repair what is safe
    Doctor(doctor::Doctor),
    /// Copy the data of a node, which may be running; copies only what is new since the last time
    Backup(backup::Backup),
    /// Make a data folder again from a backup
    Restore(restore::Restore),
    /// Put, find and follow events
    Events(events::Events),
    /// Ask in SQL; rows as a table, JSON, CSV or Parquet
    Sql(sql::Sql),
    /// Ask in the query language: conditions, and SQL behind a |
    Query(sql::Query),
    /// Put files full of events, with a progress bar; continues where it stopped
    Import(import::Import),
    /// Deliver events to buckets
    Trail(trail::Trail),
    /// Alert rules, incidents, silences, and who was told what
    Alert(alert::Alert),
    /// Make buckets known to trails
    Bucket(bucket::Bucket),
    /// Create and list accounts (management account only)
    Account(account::Account),
    /// Create, list and delete RAM users
    User(user::User),
    /// Create, list, enable, disable and delete access keys
    Key(key::Key),
    /// Say what RAM users may do
    Policy(policy::Policy),
    /// Create, list and delete tokens that may put events and nothing else
    Token(token::Token),
    /// Save where a node is and the key to use, under a name
    Profile(profile::Profile),
    /// Print the completions for a shell
    Completions(completions::Completions),
}

#[cfg(test)]
mod tests;
