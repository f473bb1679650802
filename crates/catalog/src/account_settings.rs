//! What an account has said about ActionTrail as a whole: whether it opened the service, and its default trail.

use model::{AccountId, Timestamp};

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// See the module. An account that said nothing has the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountSettings {
    /// When it opened the service.
    pub opened: Option<Timestamp>,
    /// The number of its default trail.
    pub default_trail: Option<i64>,
}

impl Catalog {
    /// The account's settings.
    pub async fn account_settings(&self, account: AccountId) -> Result<AccountSettings, CatalogError> {
        let query = sqlx::query("SELECT opened, default_trail FROM account_settings WHERE account = ?");
        match query.bind(account.as_str()).fetch_optional(self.reader()).await? {
            Some(row) => Ok(AccountSettings {
                opened: row.time_if_any("opened")?,
                default_trail: row.number_if_any("default_trail")?,
            }),
            None => Ok(AccountSettings::default()),
        }
    }

    /// Opens the service for the account. The first time counts, and is given.
    pub async fn account_open(&self, account: AccountId, at: Timestamp) -> Result<Timestamp, CatalogError> {
        let query = sqlx::query(
            "INSERT INTO account_settings (account, opened) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET opened = coalesce(opened, ?2) RETURNING opened",
        );
        let row = query.bind(account.as_str()).bind(at.0).fetch_one(self.writer()).await?;
        row.time("opened")
    }

    /// Makes one of the account's trails its default one, or none. The trail must be the account's own.
    pub async fn account_default_trail(&self, account: AccountId, trail: Option<i64>) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        if let Some(trail) = trail {
            let query = sqlx::query("SELECT 1 FROM trails WHERE account = ? AND id = ?").bind(account.as_str());
            if query.bind(trail).fetch_optional(&mut *transaction).await?.is_none() {
                return Err(CatalogError::not_found(format!("trail number {trail}")));
            }
        }
        let query = sqlx::query(
            "INSERT INTO account_settings (account, default_trail) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET default_trail = ?2",
        );
        query.bind(account.as_str()).bind(trail).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}
