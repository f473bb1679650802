//! `cairn events lookup`: LookupEvents where its rules allow, `GET /v1/events` for everything else.

use std::time::Duration;

use clap::{Args, ValueEnum};
use client::{Client, EventsQuery};
use model::Timestamp;
use model::limits::{LOOKUP_PAGE_MAX, LOOKUP_WINDOW_DEFAULT};
use serde_json::value::RawValue;

use super::conditions::{Condition, fit_lookup_events};
use super::shown;
use crate::connection::{Connection, now};
use crate::output::{self, Output};
use crate::when::When;

/// Events of one page of `GET /v1/events`.
const PAGE_MAX: usize = 1000;

/// `cairn events lookup`
#[derive(Debug, Args)]
#[command(after_help = "\
Attributes: EventId, ServiceName, EventName, User, ResourceType, ResourceName, EventRW, EventAccessKeyId, \
SensitiveAction, SourceIpAddress, EventType, RoleName, PrincipalId, Region, ErrorCode, UserType, EventCategory, \
RecipientAccountId, IdentityAccountId. All conditions must hold. A question that ActionTrail's LookupEvents can answer \
is put to it; any other goes to GET /v1/events.

Examples:
  The newest 20 of the last seven days:
    cairn events lookup
  What alice changed in the last month:
    cairn events lookup --attr User=alice --attr EventRW=Write --start 30d
  Sign-ins of the account itself:
    cairn events lookup --attr EventName=ConsoleSignin --attr UserType=root-account
  An address anywhere in an event, for another program:
    cairn events lookup --text 203.0.113.7 --start 2026-01-01 --json | jq .eventName")]
pub(super) struct Lookup {
    /// A condition; may be given several times
    #[arg(long = "attr", value_name = "KEY=VALUE")]
    conditions: Vec<Condition>,
    /// A word or phrase anywhere in the event's values, in any case
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// From this time on: 2026-01-15T08:30:00Z, 2026-01-15, or how long ago (12h, 7d)
    #[arg(long, value_name = "TIME", default_value = "7d")]
    start: When,
    /// Up to and including this time
    #[arg(long, value_name = "TIME", default_value = "now")]
    end: When,
    /// Events at most
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Newest first (backward) or oldest first (forward)
    #[arg(long, value_enum, default_value = "backward")]
    direction: Direction,
    /// Print each event's JSON on a line, as it was sent (the same as --output json)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    Backward,
    Forward,
}

impl Lookup {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let now = now();
        let window = (self.start.resolve(now), self.end.resolve(now));
        let is_json = self.json || self.connection.output == Output::Json;
        let mut rows = Vec::new();
        let mut left = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut pages = Pages { lookup: &self, client: &client, window, next: None, ended: false };
        while left > 0 && !pages.ended {
            for event in pages.next(left).await? {
                left -= 1;
                match is_json {
                    true => shown::json_line(event.get()),
                    false => rows.push(shown::row(event.get())),
                }
            }
        }
        if !is_json {
            self.print_table(rows, window, !pages.ended);
        }
        Ok(())
    }

    fn print_table(&self, rows: Vec<[String; 7]>, (start, end): (Timestamp, Timestamp), is_cut: bool) {
        if rows.is_empty() {
            output::line(&format!("no events from {start} to {end}"));
            return;
        }
        output::print(&output::table(shown::HEADER, rows));
        if is_cut {
            eprintln!("There may be more; --limit shows more than {}.", self.limit);
        }
    }

    /// What LookupEvents is asked; `None` when it has to be asked otherwise.
    fn lookup_events(&self, (start, end): (Timestamp, Timestamp), left: usize) -> Option<Vec<(String, String)>> {
        // Its windows are whole seconds and its end lies after its start.
        let has_width = end.since(start) >= Duration::from_secs(1);
        if self.text.is_some() || !has_width || !fit_lookup_events(&self.conditions) {
            return None;
        }
        let mut params = vec![
            ("Direction".to_owned(), if self.direction == Direction::Backward { "BACKWARD" } else { "FORWARD" }.into()),
            ("MaxResults".to_owned(), left.min(LOOKUP_PAGE_MAX).to_string()),
        ];
        // Left out, the node's own clock says when seven days ago was.
        if (self.start, self.end) != (When::Ago(LOOKUP_WINDOW_DEFAULT), When::Ago(Duration::ZERO)) {
            params.push(("StartTime".into(), start.to_string()));
            params.push(("EndTime".into(), end.to_string()));
        }
        for (place, condition) in self.conditions.iter().enumerate() {
            let key = condition.attribute.as_str().to_owned();
            params.push((format!("LookupAttribute.{}.Key", place + 1), key));
            params.push((format!("LookupAttribute.{}.Value", place + 1), condition.value.clone()));
        }
        Some(params)
    }

    fn events(&self, (start, end): (Timestamp, Timestamp), left: usize) -> EventsQuery {
        let direction = if self.direction == Direction::Backward { "backward" } else { "forward" };
        let mut query = EventsQuery::default()
            .with("start", start)
            .with("end", end)
            .with("direction", direction)
            .with("limit", left.min(PAGE_MAX));
        for condition in &self.conditions {
            query = query.with(condition.attribute.as_str(), &condition.value);
        }
        match &self.text {
            Some(text) => query.with("text", text),
            None => query,
        }
    }
}

/// Page after page of one question. Its parameters stay the same from page to page, as tokens demand.
struct Pages<'a> {
    lookup: &'a Lookup,
    client: &'a Client,
    window: (Timestamp, Timestamp),
    next: Option<String>,
    ended: bool,
}

impl Pages<'_> {
    async fn next(&mut self, left: usize) -> anyhow::Result<Vec<Box<RawValue>>> {
        let limit = usize::try_from(self.lookup.limit).unwrap_or(usize::MAX);
        let token = self.next.take();
        let (mut events, next) = match self.lookup.lookup_events(self.window, limit) {
            Some(mut params) => {
                params.extend(token.map(|token| ("NextToken".to_owned(), token)));
                let page = self.client.lookup_events(&params).await?;
                (page.events, page.next_token)
            }
            None => {
                let query = self.lookup.events(self.window, limit);
                let query = match token {
                    Some(token) => query.with("next", token),
                    None => query,
                };
                let page = self.client.events(&query).await?;
                (page.events.into_iter().map(|seen| seen.event).collect(), page.next_token)
            }
        };
        self.next = next.filter(|token| !token.is_empty());
        self.ended = self.next.is_none() && events.len() <= left;
        events.truncate(left);
        Ok(events)
    }
}
