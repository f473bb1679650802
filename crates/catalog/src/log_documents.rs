//! Saved searches and dashboards of Log Service's projects: documents that are given back as they were sent.

use std::fmt;

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// Charts.
    Dashboard,
    /// A search with a name.
    SavedSearch,
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DocumentKind::Dashboard => "dashboard",
            DocumentKind::SavedSearch => "savedsearch",
        })
    }
}

/// A project's documents of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// Whose project.
    pub account: AccountId,
    /// The project.
    pub project: String,
    /// Which.
    pub kind: DocumentKind,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Unique in its project among its kind.
    pub name: String,
    /// JSON, as it was sent.
    pub body: String,
}

fn document(row: &SqliteRow) -> Result<Document, CatalogError> {
    Ok(Document { name: row.text("name")?, body: row.text("body")? })
}

impl Catalog {
    /// Keeps a document, unless the project has `limit` of them already.
    pub async fn log_document_create(
        &self,
        of: &Documents,
        new: &Document,
        now: Timestamp,
        limit: usize,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = "SELECT count(*) AS documents FROM log_documents WHERE account = ? AND project = ? AND kind = ?";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(of.kind.to_string());
        if query.fetch_one(&mut *transaction).await?.count("documents")? >= limit as u64 {
            return Err(CatalogError::LimitReached { what: format!("documents of kind {}", of.kind), limit });
        }
        sqlx::query(
            "INSERT INTO log_documents (account, project, kind, name, body, created, updated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )
        .bind(of.account.as_str())
        .bind(&of.project)
        .bind(of.kind.to_string())
        .bind(&new.name)
        .bind(&new.body)
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("{} {}", of.kind, new.name)))?;
        Ok(transaction.commit().await?)
    }

    /// Writes a document in place of the one of its name.
    pub async fn log_document_update(
        &self,
        of: &Documents,
        changed: &Document,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        let updated = sqlx::query(
            "UPDATE log_documents SET body = ?, updated = ? WHERE account = ? AND project = ? AND kind = ? AND name = ?",
        )
        .bind(&changed.body)
        .bind(now.0)
        .bind(of.account.as_str())
        .bind(&of.project)
        .bind(of.kind.to_string())
        .bind(&changed.name)
        .execute(self.writer())
        .await?;
        found(updated.rows_affected(), of, &changed.name)
    }

    /// The document of this name.
    pub async fn log_document_find(&self, of: &Documents, name: &str) -> Result<Option<Document>, CatalogError> {
        let query = "SELECT * FROM log_documents WHERE account = ? AND project = ? AND kind = ? AND name = ?";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(of.kind.to_string()).bind(name);
        query.fetch_optional(self.reader()).await?.as_ref().map(document).transpose()
    }

    /// The project's documents by name.
    pub async fn log_document_list(&self, of: &Documents) -> Result<Vec<Document>, CatalogError> {
        let query = "SELECT * FROM log_documents WHERE account = ? AND project = ? AND kind = ? ORDER BY name";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(of.kind.to_string());
        query.fetch_all(self.reader()).await?.iter().map(document).collect()
    }

    /// Forgets a document.
    pub async fn log_document_delete(&self, of: &Documents, name: &str) -> Result<(), CatalogError> {
        let query = "DELETE FROM log_documents WHERE account = ? AND project = ? AND kind = ? AND name = ?";
        let query = sqlx::query(query).bind(of.account.as_str()).bind(&of.project).bind(of.kind.to_string()).bind(name);
        found(query.execute(self.writer()).await?.rows_affected(), of, name)
    }

    /// Forgets everything that was kept for a project: documents, consumer groups, checkpoints.
    pub async fn log_service_forget(&self, account: AccountId, project: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        for query in [
            "DELETE FROM log_documents WHERE account = ? AND project = ?",
            "DELETE FROM consumer_groups WHERE account = ? AND project = ?",
        ] {
            sqlx::query(query).bind(account.as_str()).bind(project).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

fn found(rows: u64, of: &Documents, name: &str) -> Result<(), CatalogError> {
    if rows == 0 { Err(CatalogError::not_found(format!("{} {name}", of.kind))) } else { Ok(()) }
}
