//! ClickHouse in its own process, asked over a pipe; it times its queries itself, so the pipe costs it nothing.

use std::time::Duration;

use anyhow::Result;
use store::Lookup;

use super::{Answer, Answers};
use crate::clickhouse::ClickHouse;
use crate::clickhouse::messages::Question;
use crate::page_cache;

/// See the module.
pub(crate) struct ByClickHouse<'c> {
    process: &'c mut ClickHouse,
}

impl<'c> ByClickHouse<'c> {
    pub(crate) fn new(process: &'c mut ClickHouse) -> ByClickHouse<'c> {
        ByClickHouse { process }
    }
}

impl Answers for ByClickHouse<'_> {
    async fn answer(&mut self, lookup: &Lookup) -> Result<Answer> {
        let found = self.process.ask(&Question::of("events", lookup)).await?;
        Ok(Answer { found: found.found, took: Duration::from_secs_f64(found.seconds) })
    }

    async fn forget(&mut self) -> Result<()> {
        self.process.stop().await?;
        page_cache::drop_folder(self.process.data())?;
        self.process.restart().await?;
        self.process.warm_up().await?;
        page_cache::drop_folder(self.process.data())
    }

    fn read_bytes(&self) -> Result<u64> {
        self.process.read_bytes()
    }
}
