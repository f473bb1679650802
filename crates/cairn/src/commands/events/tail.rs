//! `cairn events tail`: events as they are accepted.

use clap::Args;
use client::{Client, EventsQuery, Patience};

use super::conditions::Condition;
use super::shown;
use crate::connection::Connection;
use crate::output::{self, Output};

/// Seconds the node may hold a question open; the longest it takes.
const WAIT_SECONDS: u64 = 30;
/// Events of one answer.
const PAGE_MAX: usize = 500;
/// The newest events by their own time that are looked at to find the newest by acceptance.
const NEWEST: usize = 100;
/// No event has this id, so a tail for it runs to the end and brings nothing.
const NO_EVENT: &str = "cairn-tail-looks-for-the-end";

/// `cairn events tail`
#[derive(Debug, Args)]
#[command(after_help = "\
Events appear in the order they are accepted, whatever their own time. Ctrl-C ends it.

Examples:
  cairn events tail
  cairn events tail --filter EventRW=Write --filter User=alice
  cairn events tail --text AccessDenied --json | jq .requestId")]
pub(super) struct Tail {
    /// A condition that must hold; may be given several times (attributes: see `cairn events lookup --help`)
    #[arg(long = "filter", value_name = "KEY=VALUE")]
    conditions: Vec<Condition>,
    /// A word or phrase anywhere in the event's values, in any case
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Begin after this sequence number instead of now; 0 begins with the first event
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// Print each event's JSON on a line, as it was sent (the same as --output json)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Tail {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let mut after = match self.after {
            Some(after) => after,
            None => end_of(&client).await?,
        };
        // Only now: a node that is not there should be reported at once, one that restarts should be waited for.
        let client = client.with_patience(Patience::of_a_long_job());
        let is_json = self.json || self.connection.output == Output::Json;
        loop {
            let page = client.events(&self.question(after)).await?;
            for seen in &page.events {
                match is_json {
                    true => shown::json_line(seen.event.get()),
                    false => output::line(&one_line(seen.event.get())),
                }
            }
            let last = page.events.last().map(|seen| seen.seq);
            after = page.after.or(last).unwrap_or(after);
        }
    }

    fn question(&self, after: u64) -> EventsQuery {
        let mut query = EventsQuery::default().with("after", after).with("wait", WAIT_SECONDS).with("limit", PAGE_MAX);
        for condition in &self.conditions {
            query = query.with(condition.attribute.as_str(), &condition.value);
        }
        match &self.text {
            Some(text) => query.with("text", text),
            None => query,
        }
    }
}

/// The place after the last accepted event. A node answers with it once a tail has reached its end; beginning near it
/// saves reading the whole history for that.
async fn end_of(client: &Client) -> anyhow::Result<u64> {
    let newest = client.events(&EventsQuery::default().with("limit", NEWEST)).await?;
    let mut after = newest.events.iter().map(|seen| seen.seq).max().unwrap_or(0);
    loop {
        let query = EventsQuery::default().with("after", after).with("EventId", NO_EVENT);
        let reached = client.events(&query).await?.after.unwrap_or(after);
        if reached <= after {
            return Ok(after);
        }
        after = reached;
    }
}

/// Columns that stay in place from line to line without knowing the lines to come.
fn one_line(raw: &str) -> String {
    let [time, event, service, user, address, resource, error] = shown::row(raw);
    let line = format!("{time}  {event:<28} {service:<14} {user:<22} {address:<16} {resource}  {error}");
    line.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
