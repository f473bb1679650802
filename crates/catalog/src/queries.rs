//! Saved queries: templates that have names, and the history of what was asked.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A query kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTemplate {
    /// Its id.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// For people; need not be unique.
    pub name: String,
    /// The query's text.
    pub query: String,
    /// Whether it is a search expression and not SQL.
    pub simple: bool,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

/// A query that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its id.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The query's text.
    pub query: String,
    /// Whether it is a search expression and not SQL.
    pub simple: bool,
    /// When.
    pub created: Timestamp,
}

fn template(row: &SqliteRow) -> Result<QueryTemplate, CatalogError> {
    Ok(QueryTemplate {
        id: row.text("id")?,
        account: row.account("account")?,
        name: row.text("name")?,
        query: row.text("query")?,
        simple: row.flag("simple")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

fn saved(row: &SqliteRow) -> Result<SavedQuery, CatalogError> {
    Ok(SavedQuery {
        id: row.text("id")?,
        account: row.account("account")?,
        query: row.text("query")?,
        simple: row.flag("simple")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Keeps a template, unless the account has `limit` already.
    pub async fn query_template_create(&self, new: &QueryTemplate, limit: usize) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT count(*) AS templates FROM query_templates WHERE account = ?");
        let row = query.bind(new.account.as_str()).fetch_one(&mut *transaction).await?;
        if row.count("templates")? >= limit as u64 {
            return Err(CatalogError::LimitReached { what: "query templates".to_owned(), limit });
        }
        sqlx::query(
            "INSERT INTO query_templates (id, account, name, query, simple, created, updated)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.id)
        .bind(new.account.as_str())
        .bind(&new.name)
        .bind(&new.query)
        .bind(new.simple)
        .bind(new.created.0)
        .bind(new.updated.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("query template {}", new.id)))?;
        Ok(transaction.commit().await?)
    }

    /// Writes a template's name, text and kind in place of those it had.
    pub async fn query_template_update(&self, changed: &QueryTemplate) -> Result<(), CatalogError> {
        let updated = sqlx::query(
            "UPDATE query_templates SET name = ?, query = ?, simple = ?, updated = ? WHERE account = ? AND id = ?",
        )
        .bind(&changed.name)
        .bind(&changed.query)
        .bind(changed.simple)
        .bind(changed.updated.0)
        .bind(changed.account.as_str())
        .bind(&changed.id)
        .execute(self.writer())
        .await?;
        if updated.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("query template {}", changed.id)));
        }
        Ok(())
    }

    /// The account's template of this id.
    pub async fn query_template_find(
        &self,
        account: AccountId,
        id: &str,
    ) -> Result<Option<QueryTemplate>, CatalogError> {
        let query = sqlx::query("SELECT * FROM query_templates WHERE account = ? AND id = ?");
        let row = query.bind(account.as_str()).bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(template).transpose()
    }

    /// The account's templates, the newest first.
    pub async fn query_template_list(&self, account: AccountId) -> Result<Vec<QueryTemplate>, CatalogError> {
        let query = sqlx::query("SELECT * FROM query_templates WHERE account = ? ORDER BY created DESC, id");
        query.bind(account.as_str()).fetch_all(self.reader()).await?.iter().map(template).collect()
    }

    /// Forgets a template.
    pub async fn query_template_delete(&self, account: AccountId, id: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM query_templates WHERE account = ? AND id = ?");
        let deleted = query.bind(account.as_str()).bind(id).execute(self.writer()).await?;
        if deleted.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("query template {id}")));
        }
        Ok(())
    }

    /// Remembers a query; beyond `limit` the account's oldest is forgotten.
    pub async fn query_history_add(&self, new: &SavedQuery, limit: usize) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO query_history (id, account, query, simple, created) VALUES (?, ?, ?, ?, ?)")
            .bind(&new.id)
            .bind(new.account.as_str())
            .bind(&new.query)
            .bind(new.simple)
            .bind(new.created.0)
            .execute(&mut *transaction)
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("saved query {}", new.id)))?;
        sqlx::query(
            "DELETE FROM query_history WHERE account = ?1 AND id NOT IN (
                 SELECT id FROM query_history WHERE account = ?1 ORDER BY created DESC, rowid DESC LIMIT ?2)",
        )
        .bind(new.account.as_str())
        .bind(limit as i64)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// The account's queries, the newest first.
    pub async fn query_history_list(&self, account: AccountId) -> Result<Vec<SavedQuery>, CatalogError> {
        let query = sqlx::query("SELECT * FROM query_history WHERE account = ? ORDER BY created DESC, rowid DESC");
        query.bind(account.as_str()).fetch_all(self.reader()).await?.iter().map(saved).collect()
    }

    /// Forgets a query.
    pub async fn query_history_delete(&self, account: AccountId, id: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM query_history WHERE account = ? AND id = ?");
        let deleted = query.bind(account.as_str()).bind(id).execute(self.writer()).await?;
        if deleted.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("saved query {id}")));
        }
        Ok(())
    }
}
