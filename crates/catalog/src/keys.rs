//! Access keys. Their secrets arrive sealed; this crate cannot read them.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// An access key of a user, or of the account itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The public half.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The user's name; `None` for the account itself.
    pub user: Option<String>,
    /// The secret half, sealed.
    pub sealed_secret: Vec<u8>,
    /// Whether it may be used.
    pub active: bool,
    /// Created.
    pub created: Timestamp,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessKey({} of {} {:?})", self.id, self.account, self.user)
    }
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<AccessKey, CatalogError> {
    Ok(AccessKey {
        id: row.text("id")?,
        account: row.account("account")?,
        user: sqlx::Row::try_get(row, "user_name")?,
        sealed_secret: row.bytes("sealed_secret")?,
        active: row.flag("active")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Creates a key, unless its owner has `limit` of them.
    pub async fn key_create(&self, key: &AccessKey, limit: usize) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        if let Some(user) = &key.user {
            let query = sqlx::query("SELECT 1 FROM users WHERE account = ? AND name = ?");
            if query.bind(key.account.as_str()).bind(user).fetch_optional(&mut *transaction).await?.is_none() {
                return Err(CatalogError::not_found(format!("user {user}")));
            }
        }
        let query = sqlx::query("SELECT count(*) AS keys FROM access_keys WHERE account = ? AND user_name IS ?");
        let row = query.bind(key.account.as_str()).bind(&key.user).fetch_one(&mut *transaction).await?;
        if row.count("keys")? >= limit as u64 {
            return Err(CatalogError::LimitReached { what: "access keys".to_owned(), limit });
        }
        sqlx::query(
            "INSERT INTO access_keys (id, account, user_name, sealed_secret, active, created) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&key.id)
        .bind(key.account.as_str())
        .bind(&key.user)
        .bind(&key.sealed_secret)
        .bind(key.active)
        .bind(key.created.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("access key {}", key.id)))?;
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// The key of this id, whoever's it is: signatures name nothing else.
    pub async fn key_find(&self, id: &str) -> Result<Option<AccessKey>, CatalogError> {
        let row = sqlx::query("SELECT * FROM access_keys WHERE id = ?").bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The keys of a user, or of the account itself, oldest first.
    pub async fn key_list(&self, account: AccountId, user: Option<&str>) -> Result<Vec<AccessKey>, CatalogError> {
        let query = sqlx::query("SELECT * FROM access_keys WHERE account = ? AND user_name IS ? ORDER BY created, id");
        query.bind(account.as_str()).bind(user).fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Enables or disables a key.
    pub async fn key_set_active(
        &self,
        account: AccountId,
        user: Option<&str>,
        id: &str,
        active: bool,
    ) -> Result<(), CatalogError> {
        let query = sqlx::query("UPDATE access_keys SET active = ? WHERE account = ? AND user_name IS ? AND id = ?");
        let changed = query.bind(active).bind(account.as_str()).bind(user).bind(id).execute(self.writer()).await?;
        self.key_changed(id, changed.rows_affected())
    }

    /// Deletes a key.
    pub async fn key_delete(&self, account: AccountId, user: Option<&str>, id: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM access_keys WHERE account = ? AND user_name IS ? AND id = ?");
        let deleted = query.bind(account.as_str()).bind(user).bind(id).execute(self.writer()).await?;
        self.key_changed(id, deleted.rows_affected())
    }

    fn key_changed(&self, id: &str, rows: u64) -> Result<(), CatalogError> {
        if rows == 0 {
            return Err(CatalogError::not_found(format!("access key {id}")));
        }
        self.identity_changed();
        Ok(())
    }
}
