//! Projects of Log Service: those of this node, which hold Logstores, and remote ones, which trails write to.
//!
//! A name is an account's once, whichever of the two it is. What serves Log Service's own API sees the embedded ones
//! only.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::alert_states::HISTORY_LOGSTORE;
use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// Where a project is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectKind {
    /// In this node; its Logstores are views.
    Embedded,
    /// Elsewhere; written to through PutLogs.
    Remote,
}

impl ProjectKind {
    fn as_str(self) -> &'static str {
        match self {
            ProjectKind::Embedded => "Embedded",
            ProjectKind::Remote => "Remote",
        }
    }
}

impl std::str::FromStr for ProjectKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [ProjectKind::Embedded, ProjectKind::Remote].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// A project.
#[derive(Clone, PartialEq, Eq)]
pub struct Project {
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// As it was said when it was created.
    pub region: String,
    /// For people.
    pub description: String,
    /// Where it is.
    pub kind: ProjectKind,
    /// Endpoint and access key of a remote one, sealed; empty for the others.
    pub sealed_settings: Vec<u8>,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Project({} of {}, {})", self.name, self.account, self.kind.as_str())
    }
}

fn from_row(row: &SqliteRow) -> Result<Project, CatalogError> {
    Ok(Project {
        account: row.account("account")?,
        name: row.text("name")?,
        region: row.text("region")?,
        description: row.text("description")?,
        kind: row.parsed("kind")?,
        sealed_settings: row.bytes("sealed_settings")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

impl Catalog {
    /// Creates a project of either kind.
    pub async fn project_create(&self, new: &Project) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO projects (account, name, region, description, kind, sealed_settings, created, updated)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.account.as_str())
        .bind(&new.name)
        .bind(&new.region)
        .bind(&new.description)
        .bind(new.kind.as_str())
        .bind(&new.sealed_settings)
        .bind(new.created.0)
        .bind(new.updated.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("project {}", new.name)))?;
        self.trails_changed();
        Ok(())
    }

    /// The account's embedded project of this name.
    pub async fn project_find(&self, account: AccountId, name: &str) -> Result<Option<Project>, CatalogError> {
        let found = self.project_of_any_kind(account, name).await?;
        Ok(found.filter(|project| project.kind == ProjectKind::Embedded))
    }

    /// The account's project of this name, embedded or remote.
    pub async fn project_of_any_kind(&self, account: AccountId, name: &str) -> Result<Option<Project>, CatalogError> {
        let query = sqlx::query("SELECT * FROM projects WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The account's embedded projects, by name.
    pub async fn project_list(&self, account: AccountId) -> Result<Vec<Project>, CatalogError> {
        self.projects(account, ProjectKind::Embedded).await
    }

    /// The account's remote projects, by name.
    pub async fn remote_project_list(&self, account: AccountId) -> Result<Vec<Project>, CatalogError> {
        self.projects(account, ProjectKind::Remote).await
    }

    async fn projects(&self, account: AccountId, kind: ProjectKind) -> Result<Vec<Project>, CatalogError> {
        let query = sqlx::query("SELECT * FROM projects WHERE account = ? AND kind = ? ORDER BY name");
        let rows = query.bind(account.as_str()).bind(kind.as_str()).fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }

    /// Gives an embedded project another description.
    pub async fn project_update(
        &self,
        account: AccountId,
        name: &str,
        description: &str,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE projects SET description = ?, updated = ? WHERE account = ? AND name = ? AND kind = 'Embedded'",
        );
        let query = query.bind(description).bind(at.0).bind(account.as_str()).bind(name);
        must_be_there(name, query.execute(self.writer()).await?.rows_affected())
    }

    /// Deletes a project that has no Logstores but its rules' history and that no trail, undelivered event or unfinished job is for.
    pub async fn project_delete(&self, account: AccountId, name: &str, kind: ProjectKind) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let what = || format!("project {name}");
        let query = sqlx::query(
            "SELECT name FROM logstores WHERE account = ? AND project = ? AND name <> ? ORDER BY name LIMIT 1",
        );
        if let Some(row) =
            query.bind(account.as_str()).bind(name).bind(HISTORY_LOGSTORE).fetch_optional(&mut *transaction).await?
        {
            return Err(CatalogError::InUse { what: what(), by: format!("Logstore {}", row.text("name")?) });
        }
        if let Some(by) = pointed_at(&mut transaction, account, name).await? {
            return Err(CatalogError::InUse { what: what(), by });
        }
        // How its rules were evaluated goes with them.
        let query = sqlx::query("DELETE FROM logstores WHERE account = ? AND project = ? AND name = ?");
        let query = query.bind(account.as_str()).bind(name).bind(HISTORY_LOGSTORE);
        query.execute(&mut *transaction).await?;
        let query = sqlx::query("DELETE FROM projects WHERE account = ? AND name = ? AND kind = ?");
        let query = query.bind(account.as_str()).bind(name).bind(kind.as_str());
        must_be_there(name, query.execute(&mut *transaction).await?.rows_affected())?;
        transaction.commit().await?;
        self.trails_changed();
        // Its rules went with it.
        self.alert_rules_changed();
        Ok(())
    }
}

/// Who still means to write to a project.
async fn pointed_at(
    transaction: &mut Transaction<'_, Sqlite>,
    account: AccountId,
    name: &str,
) -> Result<Option<String>, CatalogError> {
    let uses = [
        (
            "trail ",
            "SELECT name AS by_whom FROM trails
             WHERE destinations ->> '$.logs.owner' = ? AND destinations ->> '$.logs.project' = ? LIMIT 1",
        ),
        (
            "undelivered events of trail ",
            "SELECT trails.name AS by_whom FROM intervals JOIN trails ON trails.id = intervals.trail
             WHERE intervals.destinations ->> '$.logs.owner' = ?
                 AND intervals.destinations ->> '$.logs.project' = ? LIMIT 1",
        ),
        (
            "delivery history job ",
            "SELECT CAST(id AS TEXT) AS by_whom FROM delivery_jobs
             WHERE status < 2 AND destinations ->> '$.logs.owner' = ?
                 AND destinations ->> '$.logs.project' = ? LIMIT 1",
        ),
    ];
    for (by, query) in uses {
        let query = sqlx::query(query);
        let row = query.bind(account.as_str()).bind(name).fetch_optional(&mut **transaction).await?;
        if let Some(row) = row {
            return Ok(Some(format!("{by}{}", row.text("by_whom")?)));
        }
    }
    Ok(None)
}

fn must_be_there(name: &str, rows: u64) -> Result<(), CatalogError> {
    if rows == 0 { Err(CatalogError::not_found(format!("project {name}"))) } else { Ok(()) }
}
