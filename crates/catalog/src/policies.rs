//! Custom policies, and which policies users, groups and roles have.

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
    /// The JSON document of the default version, checked by `identity`.
    pub document: String,
    /// The number of the default version.
    pub default_version: i64,
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

/// What can have policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HolderKind {
    /// A RAM user.
    User,
    /// All users of a group.
    Group,
    /// Whoever became the role.
    Role,
}

impl HolderKind {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            HolderKind::User => "User",
            HolderKind::Group => "Group",
            HolderKind::Role => "Role",
        }
    }
}

impl std::str::FromStr for HolderKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "User" => Ok(HolderKind::User),
            "Group" => Ok(HolderKind::Group),
            "Role" => Ok(HolderKind::Role),
            _ => Err(()),
        }
    }
}

/// Someone who can have policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// Its name.
    pub name: String,
}

impl Holder {
    /// A user.
    pub fn user(name: &str) -> Holder {
        Holder { kind: HolderKind::User, name: name.to_owned() }
    }

    /// A group.
    pub fn group(name: &str) -> Holder {
        Holder { kind: HolderKind::Group, name: name.to_owned() }
    }

    /// A role.
    pub fn role(name: &str) -> Holder {
        Holder { kind: HolderKind::Role, name: name.to_owned() }
    }
}

/// A policy someone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Whose.
    pub account: AccountId,
    /// Who has it.
    pub holder: Holder,
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
        default_version: row.number("default_version")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

pub(crate) fn attachment_from_row(row: &SqliteRow) -> Result<Attachment, CatalogError> {
    Ok(Attachment {
        account: row.account("account")?,
        holder: Holder { kind: row.parsed("holder_kind")?, name: row.text("holder_name")? },
        policy: PolicyRef { kind: row.parsed("policy_kind")?, name: row.text("policy_name")? },
        attached: row.time("attached")?,
    })
}

impl Catalog {
    /// Creates a custom policy; its document becomes the first version.
    pub async fn policy_create(&self, policy: &Policy) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO policies (account, name, description, document, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(policy.account.as_str())
        .bind(&policy.name)
        .bind(&policy.description)
        .bind(&policy.document)
        .bind(policy.created.0)
        .bind(policy.updated.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("policy {}", policy.name)))?;
        let query = sqlx::query(
            "INSERT INTO policy_versions (account, policy, number, document, created) VALUES (?, ?, 1, ?, ?)",
        );
        let query = query.bind(policy.account.as_str()).bind(&policy.name).bind(&policy.document);
        query.bind(policy.created.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
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

    /// Deletes a policy nobody has, with its versions.
    pub async fn policy_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "SELECT holder_kind, holder_name FROM policy_attachments
             WHERE account = ? AND policy_kind = 'Custom' AND policy_name = ? LIMIT 1",
        );
        let holder = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await?;
        if let Some(holder) = holder {
            let by = format!("{} {}", holder.text("holder_kind")?.to_lowercase(), holder.text("holder_name")?);
            return Err(CatalogError::InUse { what: format!("policy {name}"), by });
        }
        let query = sqlx::query("DELETE FROM policy_versions WHERE account = ? AND policy = ?");
        query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?;
        let query = sqlx::query("DELETE FROM policies WHERE account = ? AND name = ?");
        if query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("policy {name}")));
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Gives someone a policy. Both must exist, unless the policy is built in.
    pub async fn attachment_add(&self, attachment: &Attachment) -> Result<(), CatalogError> {
        let Attachment { account, holder, policy, attached } = attachment;
        let mut transaction = self.begin().await?;
        let query = sqlx::query(match holder.kind {
            HolderKind::User => "SELECT 1 FROM users WHERE account = ? AND name = ?",
            HolderKind::Group => "SELECT 1 FROM groups WHERE account = ? AND name = ?",
            HolderKind::Role => "SELECT 1 FROM roles WHERE account = ? AND name = ?",
        });
        if query.bind(account.as_str()).bind(&holder.name).fetch_optional(&mut *transaction).await?.is_none() {
            return Err(CatalogError::not_found(format!("{} {}", holder.kind.as_str(), holder.name)));
        }
        if policy.kind == PolicyKind::Custom {
            let query = sqlx::query("SELECT 1 FROM policies WHERE account = ? AND name = ?");
            if query.bind(account.as_str()).bind(&policy.name).fetch_optional(&mut *transaction).await?.is_none() {
                return Err(CatalogError::not_found(format!("policy {}", policy.name)));
            }
        }
        sqlx::query(
            "INSERT INTO policy_attachments (account, holder_kind, holder_name, policy_kind, policy_name, attached)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(account.as_str())
        .bind(holder.kind.as_str())
        .bind(&holder.name)
        .bind(policy.kind.as_str())
        .bind(&policy.name)
        .bind(attached.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("policy {} of {}", policy.name, holder.name)))?;
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Takes a policy from someone.
    pub async fn attachment_remove(
        &self,
        account: AccountId,
        holder: &Holder,
        policy: &PolicyRef,
    ) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "DELETE FROM policy_attachments
             WHERE account = ? AND holder_kind = ? AND holder_name = ? AND policy_kind = ? AND policy_name = ?",
        );
        let query = query.bind(account.as_str()).bind(holder.kind.as_str()).bind(&holder.name);
        let query = query.bind(policy.kind.as_str()).bind(&policy.name);
        if query.execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("policy {} of {}", policy.name, holder.name)));
        }
        self.identity_changed();
        Ok(())
    }

    /// Someone's policies, by name.
    pub async fn attachment_list(&self, account: AccountId, holder: &Holder) -> Result<Vec<Attachment>, CatalogError> {
        let query = sqlx::query(
            "SELECT * FROM policy_attachments WHERE account = ? AND holder_kind = ? AND holder_name = ?
             ORDER BY policy_name, policy_kind",
        );
        let query = query.bind(account.as_str()).bind(holder.kind.as_str()).bind(&holder.name);
        query.fetch_all(self.reader()).await?.iter().map(attachment_from_row).collect()
    }

    /// Who of the account has which policy, by holder.
    pub async fn attachments_of_account(&self, account: AccountId) -> Result<Vec<Attachment>, CatalogError> {
        let query = sqlx::query("SELECT * FROM policy_attachments WHERE account = ? ORDER BY holder_kind, holder_name");
        query.bind(account.as_str()).fetch_all(self.reader()).await?.iter().map(attachment_from_row).collect()
    }
}
