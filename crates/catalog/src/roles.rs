//! RAM roles: what someone else may become for a while. Their trust policies are checked by `identity`.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Unique for ever.
    pub role_id: String,
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// For people.
    pub description: String,
    /// The JSON document that says who may become it.
    pub trust: String,
    /// How long a session may last.
    pub session_seconds_max: i64,
    /// The service it was made for; `None` for a role the account made.
    pub service: Option<String>,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<Role, CatalogError> {
    Ok(Role {
        role_id: row.text("role_id")?,
        account: row.account("account")?,
        name: row.text("name")?,
        description: row.text("description")?,
        trust: row.text("trust")?,
        session_seconds_max: row.number("session_seconds_max")?,
        service: sqlx::Row::try_get(row, "service")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

impl Catalog {
    /// Creates a role.
    pub async fn role_create(&self, role: &Role) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO roles
             (role_id, account, name, description, trust, session_seconds_max, service, created, updated)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&role.role_id)
        .bind(role.account.as_str())
        .bind(&role.name)
        .bind(&role.description)
        .bind(&role.trust)
        .bind(role.session_seconds_max)
        .bind(&role.service)
        .bind(role.created.0)
        .bind(role.updated.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("role {}", role.name)))?;
        self.identity_changed();
        Ok(())
    }

    /// The account's role of this name.
    pub async fn role_find(&self, account: AccountId, name: &str) -> Result<Option<Role>, CatalogError> {
        let query = sqlx::query("SELECT * FROM roles WHERE account = ? AND name = ?").bind(account.as_str()).bind(name);
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// The account's roles, by name.
    pub async fn role_list(&self, account: AccountId) -> Result<Vec<Role>, CatalogError> {
        let query = sqlx::query("SELECT * FROM roles WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Writes a role's description, trust and session length anew.
    pub async fn role_update(&self, role: &Role) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE roles SET description = ?, trust = ?, session_seconds_max = ?, updated = ?
             WHERE account = ? AND name = ?",
        );
        let query = query.bind(&role.description).bind(&role.trust).bind(role.session_seconds_max);
        let query = query.bind(role.updated.0).bind(role.account.as_str()).bind(&role.name);
        if query.execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("role {}", role.name)));
        }
        self.identity_changed();
        Ok(())
    }

    /// Deletes a role that has no policies any more. One that a service made takes its policies with it.
    pub async fn role_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT service IS NOT NULL AS linked FROM roles WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await?;
        let is_linked = row.ok_or_else(|| CatalogError::not_found(format!("role {name}")))?.flag("linked")?;
        let attached = if is_linked {
            let query = sqlx::query(
                "DELETE FROM policy_attachments WHERE account = ? AND holder_kind = 'Role' AND holder_name = ?",
            );
            query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?;
            0
        } else {
            let query = sqlx::query(
                "SELECT count(*) AS policies FROM policy_attachments
                 WHERE account = ? AND holder_kind = 'Role' AND holder_name = ?",
            );
            query.bind(account.as_str()).bind(name).fetch_one(&mut *transaction).await?.count("policies")?
        };
        if attached > 0 {
            return Err(CatalogError::InUse { what: format!("role {name}"), by: "attached policies".to_owned() });
        }
        let query = sqlx::query("DELETE FROM roles WHERE account = ? AND name = ?");
        query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }
}
