//! The node, asked as any client asks it: signed requests over one kept connection.

use std::time::Instant;

use anyhow::Result;
use client::{Client, EventsQuery};
use model::Timestamp;
use store::{Condition, Lookup};

use super::{Answer, Answers};
use crate::page_cache;
use crate::server::{Key, Server};

/// See the module.
pub(crate) struct OverHttp<'s> {
    server: &'s mut Server,
    key: Key,
    client: Client,
}

impl<'s> OverHttp<'s> {
    pub(crate) fn new(server: &'s mut Server, key: Key) -> Result<OverHttp<'s>> {
        let client = server.client_with(&key)?;
        Ok(OverHttp { server, key, client })
    }
}

impl Answers for OverHttp<'_> {
    async fn answer(&mut self, lookup: &Lookup) -> Result<Answer> {
        let query = query(lookup);
        let asked = Instant::now();
        let page = self.client.events(&query).await?;
        Ok(Answer { took: asked.elapsed(), found: page.events.len() })
    }

    async fn forget(&mut self) -> Result<()> {
        self.server.stop().await?;
        page_cache::drop_folder(self.server.data())?;
        self.server.restart().await?;
        self.client = self.server.client_with(&self.key)?;
        // The first millisecond there was: the connection is made, no segment is touched.
        let none = EventsQuery::default().with("start", Timestamp(0)).with("end", Timestamp(1)).with("limit", 1);
        self.client.events(&none).await?;
        page_cache::drop_folder(self.server.data())
    }

    fn read_bytes(&self) -> Result<u64> {
        self.server.read_bytes()
    }
}

fn query(lookup: &Lookup) -> EventsQuery {
    let mut query =
        EventsQuery::default().with("start", lookup.from).with("end", lookup.through).with("limit", lookup.limit);
    for condition in &lookup.conditions {
        query = match condition {
            Condition::Is(attribute, value) => query.with(attribute.as_str(), value),
            Condition::Text(text) => query.with("text", text),
            Condition::AnyOf(_) | Condition::Category(_) => unreachable!("the bench asks for neither"),
        };
    }
    query
}
