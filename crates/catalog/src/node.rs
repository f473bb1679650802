//! What the node itself remembers, by name.

use sqlx::Row;

use crate::{Catalog, CatalogError};

impl Catalog {
    /// A remembered value.
    pub async fn setting_get(&self, name: &str) -> Result<Option<Vec<u8>>, CatalogError> {
        let row = sqlx::query("SELECT value FROM settings WHERE name = ?").bind(name).fetch_optional(self.reader());
        Ok(row.await?.map(|row| row.try_get("value")).transpose()?)
    }

    /// Remembers a value, in place of the one before.
    pub async fn setting_put(&self, name: &str, value: &[u8]) -> Result<(), CatalogError> {
        let query =
            sqlx::query("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = ?2");
        query.bind(name).bind(value).execute(self.writer()).await?;
        Ok(())
    }
}
