//! What an account may ask about: its events, its Logstores as the catalog says what each shows, and its warehouse tables.

use std::sync::Arc;

use async_trait::async_trait;
use catalog::{Catalog, CatalogError};
use host::Clock;
use model::AccountId;
use model::logstore::View;
use query::tables::EVENTS;
use query::{Source, Table, Tables, TablesError};

use crate::config::Days;
use crate::node::BuiltWarehouse;

/// The tables of a node's accounts.
pub(crate) struct NodeTables {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
    /// How far back `events` reaches.
    pub(crate) history: Days,
    /// Its warehouse tables, in a build that has them.
    #[cfg_attr(not(feature = "warehouse"), allow(dead_code, reason = "nothing is in it"))]
    pub(crate) warehouse: BuiltWarehouse,
}

#[async_trait]
impl Tables for NodeTables {
    async fn tables(&self, account: AccountId) -> Result<Vec<Table>, TablesError> {
        let failed = |source: CatalogError| TablesError { kind: source.kind(), source: Box::new(source) };
        let now = self.clock.now();
        let mut events = View::of_account(account);
        if let Some(history) = self.history.span() {
            events.not_before = now.minus(history);
        }
        let mut tables = vec![Table { name: EVENTS.to_owned(), source: Source::Events(Arc::new(events)) }];
        for logstore in self.catalog.logstores_of(account).await.map_err(failed)? {
            let view = self.catalog.logstore_view(&logstore, now).await.map_err(failed)?;
            let name = format!("{}.{}", logstore.project, logstore.name);
            tables.push(Table { name, source: Source::Events(Arc::new(view)) });
        }
        #[cfg(feature = "warehouse")]
        tables.extend(self.warehouse.in_sql(account).await);
        Ok(tables)
    }
}
