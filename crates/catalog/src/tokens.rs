//! Ingest tokens: what a producer shows instead of a signature. Only their hashes are kept.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A token that may put events and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestToken {
    /// Its id, which is no secret.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// SHA-256 of the token.
    pub sha256: [u8; 32],
    /// Whether it may sort events to the accounts they name.
    pub from_event: bool,
    /// Created.
    pub created: Timestamp,
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<IngestToken, CatalogError> {
    let sha256 = row.bytes("sha256")?;
    Ok(IngestToken {
        id: row.text("id")?,
        account: row.account("account")?,
        name: row.text("name")?,
        sha256: sha256.try_into().map_err(|_| CatalogError::Corrupt { what: "sha256", value: String::new() })?,
        from_event: row.flag("from_event")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Creates a token.
    pub async fn token_create(&self, token: &IngestToken) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO ingest_tokens (id, account, name, sha256, from_event, created) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&token.id)
        .bind(token.account.as_str())
        .bind(&token.name)
        .bind(&token.sha256[..])
        .bind(token.from_event)
        .bind(token.created.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("ingest token {}", token.name)))?;
        self.identity_changed();
        Ok(())
    }

    /// The account's tokens, by name.
    pub async fn token_list(&self, account: AccountId) -> Result<Vec<IngestToken>, CatalogError> {
        let query = sqlx::query("SELECT * FROM ingest_tokens WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Deletes a token.
    pub async fn token_delete(&self, account: AccountId, id: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM ingest_tokens WHERE account = ? AND id = ?");
        if query.bind(account.as_str()).bind(id).execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("ingest token {id}")));
        }
        self.identity_changed();
        Ok(())
    }
}
