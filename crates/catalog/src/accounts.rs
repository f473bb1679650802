//! Accounts.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// A name for people.
    pub name: String,
    /// Whether it may act for others.
    pub is_management: bool,
    /// Created.
    pub created: Timestamp,
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<Account, CatalogError> {
    Ok(Account {
        id: row.account("id")?,
        name: row.text("name")?,
        is_management: row.flag("is_management")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Creates an account.
    pub async fn account_create(
        &self,
        id: AccountId,
        name: &str,
        is_management: bool,
        created: Timestamp,
    ) -> Result<Account, CatalogError> {
        sqlx::query("INSERT INTO accounts (id, name, is_management, created) VALUES (?, ?, ?, ?)")
            .bind(id.as_str())
            .bind(name)
            .bind(is_management)
            .bind(created.0)
            .execute(self.writer())
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("account {id}")))?;
        self.identity_changed();
        Ok(Account { id, name: name.to_owned(), is_management, created })
    }

    /// The account of this id.
    pub async fn account_find(&self, id: AccountId) -> Result<Option<Account>, CatalogError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE id = ?").bind(id.as_str()).fetch_optional(self.reader());
        row.await?.as_ref().map(from_row).transpose()
    }

    /// Every account, by id.
    pub async fn account_list(&self) -> Result<Vec<Account>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM accounts ORDER BY id").fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }
}
