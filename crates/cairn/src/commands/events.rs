//! `cairn events`: put, find and follow.

mod conditions;
mod lookup;
mod put;
mod shown;
mod tail;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// `cairn events`
#[derive(Debug, Args)]
pub(crate) struct Events {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Put events from a file or standard input
    Put(put::Put),
    /// Find events
    Lookup(lookup::Lookup),
    /// Follow events as they are accepted
    Tail(tail::Tail),
}

impl Events {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            EventsCommand::Put(put) => put.run().await,
            EventsCommand::Lookup(lookup) => lookup.run().await.map(|()| ExitCode::SUCCESS),
            EventsCommand::Tail(tail) => tail.run().await.map(|()| ExitCode::SUCCESS),
        }
    }
}
