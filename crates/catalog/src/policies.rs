//! Custom policies, and which policies users have.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A policy an account made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// For people.
    pub description: String,
    /// The JSON document, checked by `identity`.
    pub document: String,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

/// Who made a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Built in.
    System,
    /// The account.
    Custom,
}

impl PolicyKind {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            PolicyKind::System => "System",
            PolicyKind::Custom => "Custom",
        }
    }
}

impl std::str::FromStr for PolicyKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "System" => Ok(PolicyKind::System),
            "Custom" => Ok(PolicyKind::Custom),
            _ => Err(()),
        }
    }
}

/// A policy by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyRef {
    /// Who made it.
    pub kind: PolicyKind,
    /// Its name.
    pub name: String,
}

/// A policy a user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Whose user.
    pub account: AccountId,
    /// The user's name.
    pub user: String,
    /// The policy.
    pub policy: PolicyRef,
    /// Since when.
    pub attached: Timestamp,
}

pub(crate) fn policy_from_row(row: &SqliteRow) -> Result<Policy, CatalogError> {
    Ok(Policy {
        account: row.account("account")?,
        name: row.text("name")?,
        description: row.text("description")?,
        document: row.text("document")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

pub(crate) fn attachment_from_row(row: &SqliteRow) -> Result<Attachment, CatalogError> {
    Ok(Attachment {
        account: row.account("account")?,
        user: row.text("user_name")?,
        policy: PolicyRef { kind: row.parsed("policy_kind")?, name: row.text("policy_name")? },
        attached: row.time("attached")?,
    })
}

impl Catalog {
    /// Creates a custom policy.
    pub async fn policy_create(&self, policy: &Policy) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO policies (account, name, description, document, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(policy.account.as_str())
        .bind(&policy.name)
        .bind(&policy.description)
        .bind(&policy.document)
        .bind(policy.created.0)
        .bind(policy.updated.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("policy {}", policy.name)))?;
        self.identity_changed();
        Ok(())
    }

    /// The account's policy of this name.
    pub async fn policy_find(&self, account: AccountId, name: &str) -> Result<Option<Policy>, CatalogError> {
        let query = sqlx::query("SELECT * FROM policies WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(self.reader()).await?;
        row.as_ref().map(policy_from_row).transpose()
    }

    /// The account's policies, by name.
    pub async fn policy_list(&self, account: AccountId) -> Result<Vec<Policy>, CatalogError> {
        let query = sqlx::query("SELECT * FROM policies WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(policy_from_row).collect()
    }

    /// Deletes a policy no user has.
    pub async fn policy_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "SELECT user_name FROM attachments WHERE account = ? AND policy_kind = 'Custom' AND policy_name = ? LIMIT 1",
        );
        let user = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await?;
        if let Some(user) = user {
            let by = format!("user {}", user.text("user_name")?);
            return Err(CatalogError::InUse { what: format!("policy {name}"), by });
        }
        let query = sqlx::query("DELETE FROM policies WHERE account = ? AND name = ?");
        if query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("policy {name}")));
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Gives a user a policy. A custom one must exist.
    pub async fn attachment_add(&self, attachment: &Attachment) -> Result<(), CatalogError> {
        let Attachment { account, user, policy, attached } = attachment;
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT 1 FROM users WHERE account = ? AND name = ?");
        if query.bind(account.as_str()).bind(user).fetch_optional(&mut *transaction).await?.is_none() {
            return Err(CatalogError::not_found(format!("user {user}")));
        }
        if policy.kind == PolicyKind::Custom {
            let query = sqlx::query("SELECT 1 FROM policies WHERE account = ? AND name = ?");
            if query.bind(account.as_str()).bind(&policy.name).fetch_optional(&mut *transaction).await?.is_none() {
                return Err(CatalogError::not_found(format!("policy {}", policy.name)));
            }
        }
        sqlx::query(
            "INSERT INTO attachments (account, user_name, policy_kind, policy_name, attached) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(account.as_str())
        .bind(user)
        .bind(policy.kind.as_str())
        .bind(&policy.name)
        .bind(attached.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("policy {} of user {user}", policy.name)))?;
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Takes a policy from a user.
    pub async fn attachment_remove(
        &self,
        account: AccountId,
        user: &str,
        policy: &PolicyRef,
    ) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "DELETE FROM attachments WHERE account = ? AND user_name = ? AND policy_kind = ? AND policy_name = ?",
        );
        let query = query.bind(account.as_str()).bind(user).bind(policy.kind.as_str()).bind(&policy.name);
        if query.execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("policy {} of user {user}", policy.name)));
        }
        self.identity_changed();
        Ok(())
    }

    /// A user's policies, by name.
    pub async fn attachment_list(&self, account: AccountId, user: &str) -> Result<Vec<Attachment>, CatalogError> {
        let query = sqlx::query(
            "SELECT * FROM attachments WHERE account = ? AND user_name = ? ORDER BY policy_name, policy_kind",
        );
        let rows = query.bind(account.as_str()).bind(user).fetch_all(self.reader()).await?;
        rows.iter().map(attachment_from_row).collect()
    }
}
