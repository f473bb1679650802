//! RAM groups and who is in them.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A group of users: what it may, they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Unique for ever.
    pub group_id: String,
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// For people.
    pub comments: String,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

/// A user in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Whose.
    pub account: AccountId,
    /// The group's name.
    pub group: String,
    /// The user's name.
    pub user: String,
    /// Since when.
    pub joined: Timestamp,
}

fn from_row(row: &SqliteRow) -> Result<Group, CatalogError> {
    Ok(Group {
        group_id: row.text("group_id")?,
        account: row.account("account")?,
        name: row.text("name")?,
        comments: row.text("comments")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

pub(crate) fn member_from_row(row: &SqliteRow) -> Result<GroupMember, CatalogError> {
    Ok(GroupMember {
        account: row.account("account")?,
        group: row.text("group_name")?,
        user: row.text("user_name")?,
        joined: row.time("joined")?,
    })
}

impl Catalog {
    /// Creates a group.
    pub async fn group_create(&self, group: &Group) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO groups (group_id, account, name, comments, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&group.group_id)
        .bind(group.account.as_str())
        .bind(&group.name)
        .bind(&group.comments)
        .bind(group.created.0)
        .bind(group.updated.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("group {}", group.name)))?;
        self.identity_changed();
        Ok(())
    }

    /// The account's group of this name.
    pub async fn group_find(&self, account: AccountId, name: &str) -> Result<Option<Group>, CatalogError> {
        let query =
            sqlx::query("SELECT * FROM groups WHERE account = ? AND name = ?").bind(account.as_str()).bind(name);
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// The account's groups, by name.
    pub async fn group_list(&self, account: AccountId) -> Result<Vec<Group>, CatalogError> {
        let query = sqlx::query("SELECT * FROM groups WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Writes a group's name and comments anew; members and policies follow the name.
    pub async fn group_update(&self, name: &str, group: &Group) -> Result<(), CatalogError> {
        let account = group.account.as_str();
        let mut transaction = self.begin().await?;
        // The references to the name are repaired below, before the commit looks at them.
        sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *transaction).await?;
        let query = sqlx::query("UPDATE groups SET name = ?, comments = ?, updated = ? WHERE account = ? AND name = ?");
        let query = query.bind(&group.name).bind(&group.comments).bind(group.updated.0).bind(account).bind(name);
        let updated = query.execute(&mut *transaction).await;
        let updated = updated.map_err(|error| CatalogError::on_insert(error, || format!("group {}", group.name)))?;
        if updated.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("group {name}")));
        }
        for follows in [
            "UPDATE group_members SET group_name = ?1 WHERE account = ?2 AND group_name = ?3",
            "UPDATE policy_attachments SET holder_name = ?1
             WHERE account = ?2 AND holder_kind = 'Group' AND holder_name = ?3",
        ] {
            sqlx::query(follows).bind(&group.name).bind(account).bind(name).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Deletes a group without users and policies.
    pub async fn group_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let dependants = sqlx::query(
            "SELECT (SELECT count(*) FROM group_members WHERE account = ?1 AND group_name = ?2) AS users,
                    (SELECT count(*) FROM policy_attachments
                     WHERE account = ?1 AND holder_kind = 'Group' AND holder_name = ?2) AS policies",
        );
        let row = dependants.bind(account.as_str()).bind(name).fetch_one(&mut *transaction).await?;
        for (column, by) in [("users", "users"), ("policies", "attached policies")] {
            if row.number(column)? > 0 {
                return Err(CatalogError::InUse { what: format!("group {name}"), by: by.to_owned() });
            }
        }
        let query = sqlx::query("DELETE FROM groups WHERE account = ? AND name = ?").bind(account.as_str()).bind(name);
        if query.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("group {name}")));
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Puts a user into a group. Both must exist.
    pub async fn group_member_add(&self, member: &GroupMember) -> Result<(), CatalogError> {
        sqlx::query("INSERT INTO group_members (account, group_name, user_name, joined) VALUES (?, ?, ?, ?)")
            .bind(member.account.as_str())
            .bind(&member.group)
            .bind(&member.user)
            .bind(member.joined.0)
            .execute(self.writer())
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("user {} in {}", member.user, member.group)))?;
        self.identity_changed();
        Ok(())
    }

    /// Takes a user out of a group.
    pub async fn group_member_remove(&self, account: AccountId, group: &str, user: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM group_members WHERE account = ? AND group_name = ? AND user_name = ?");
        if query.bind(account.as_str()).bind(group).bind(user).execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("user {user} in {group}")));
        }
        self.identity_changed();
        Ok(())
    }

    /// Who is in which group of the account.
    pub async fn group_members(&self, account: AccountId) -> Result<Vec<GroupMember>, CatalogError> {
        let query = sqlx::query("SELECT * FROM group_members WHERE account = ? ORDER BY group_name, user_name");
        query.bind(account.as_str()).fetch_all(self.reader()).await?.iter().map(member_from_row).collect()
    }
}
