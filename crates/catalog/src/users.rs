//! RAM users.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A user within an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Unique for ever.
    pub user_id: String,
    /// Whose user.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// For people.
    pub comments: String,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<User, CatalogError> {
    Ok(User {
        user_id: row.text("user_id")?,
        account: row.account("account")?,
        name: row.text("name")?,
        display_name: row.text("display_name")?,
        comments: row.text("comments")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

impl Catalog {
    /// Creates a user.
    pub async fn user_create(&self, user: &User) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO users (user_id, account, name, display_name, comments, created, updated)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&user.user_id)
        .bind(user.account.as_str())
        .bind(&user.name)
        .bind(&user.display_name)
        .bind(&user.comments)
        .bind(user.created.0)
        .bind(user.updated.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("user {}", user.name)))?;
        self.identity_changed();
        Ok(())
    }

    /// The account's user of this name.
    pub async fn user_find(&self, account: AccountId, name: &str) -> Result<Option<User>, CatalogError> {
        let query = sqlx::query("SELECT * FROM users WHERE account = ? AND name = ?").bind(account.as_str()).bind(name);
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// The account's users, by name.
    pub async fn user_list(&self, account: AccountId) -> Result<Vec<User>, CatalogError> {
        let query = sqlx::query("SELECT * FROM users WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Deletes a user that has no keys and no policies any more.
    pub async fn user_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let dependants = sqlx::query(
            "SELECT (SELECT count(*) FROM access_keys WHERE account = ?1 AND user_name = ?2) AS keys,
                    (SELECT count(*) FROM attachments WHERE account = ?1 AND user_name = ?2) AS policies",
        );
        let row = dependants.bind(account.as_str()).bind(name).fetch_one(&mut *transaction).await?;
        for (column, by) in [("keys", "access keys"), ("policies", "attached policies")] {
            if row.number(column)? > 0 {
                return Err(CatalogError::InUse { what: format!("user {name}"), by: by.to_owned() });
            }
        }
        let deleted = sqlx::query("DELETE FROM users WHERE account = ? AND name = ?").bind(account.as_str()).bind(name);
        if deleted.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("user {name}")));
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }
}
