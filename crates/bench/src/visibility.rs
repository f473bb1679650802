//! How long after its acknowledgement an event is found.
//!
//! One event is put and asked for by its id at once, again and again until it is there. "At once" shows as the time
//! of a single lookup, whose own cost is part of what a user waits for.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use client::{Encoding, EventsQuery, MediaType};

use crate::server::Server;

const EVENTS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(10);

/// How many of the events were found by the first lookup, and the times from acknowledgement to found.
pub(crate) struct Visibility {
    pub(crate) at_once: usize,
    pub(crate) times: Vec<Duration>,
    /// From sending one event to its acknowledgement, nothing else going on.
    pub(crate) acknowledgements: Vec<Duration>,
}

pub(crate) async fn measure(server: &Server) -> Result<Visibility> {
    let client = server.client()?;
    let mut visibility = Visibility { at_once: 0, times: Vec::new(), acknowledgements: Vec::new() };
    for number in 0..EVENTS {
        let id = format!("visible-{number}");
        let event = format!(r#"{{"eventId":"{id}","eventTime":"2026-01-31T00:00:00Z","eventName":"Visible"}}"#);
        let sent = Instant::now();
        client.put_events(None, event.into(), MediaType::Json, Encoding::Identity).await?;
        let acknowledged = Instant::now();
        visibility.acknowledgements.push(acknowledged - sent);
        let query = EventsQuery::default().with("EventId", &id).with("limit", 1);
        let mut lookups = 0;
        while client.events(&query).await?.events.is_empty() {
            lookups += 1;
            ensure!(acknowledged.elapsed() < PATIENCE, "{id} was acknowledged and is not found");
        }
        visibility.times.push(acknowledged.elapsed());
        visibility.at_once += usize::from(lookups == 0);
    }
    Ok(visibility)
}
