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

    /// Writes a user's names and comments anew; `user.name` may be another than `name`, what belongs to the user follows.
    pub async fn user_update(&self, name: &str, user: &User) -> Result<(), CatalogError> {
        let account = user.account.as_str();
        let mut transaction = self.begin().await?;
        // The references to the name are repaired below, before the commit looks at them.
        sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *transaction).await?;
        let query = sqlx::query(
            "UPDATE users SET name = ?, display_name = ?, comments = ?, updated = ? WHERE account = ? AND name = ?",
        );
        let query = query.bind(&user.name).bind(&user.display_name).bind(&user.comments).bind(user.updated.0);
        let updated = query.bind(account).bind(name).execute(&mut *transaction).await;
        let updated = updated.map_err(|error| CatalogError::on_insert(error, || format!("user {}", user.name)))?;
        if updated.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("user {name}")));
        }
        for follows in [
            "UPDATE access_keys SET user_name = ?1 WHERE account = ?2 AND user_name = ?3",
            "UPDATE group_members SET user_name = ?1 WHERE account = ?2 AND user_name = ?3",
            "UPDATE login_profiles SET user_name = ?1 WHERE account = ?2 AND user_name = ?3",
            "UPDATE mfa_devices SET user_name = ?1 WHERE account = ?2 AND user_name = ?3",
            "UPDATE policy_attachments SET holder_name = ?1
             WHERE account = ?2 AND holder_kind = 'User' AND holder_name = ?3",
        ] {
            sqlx::query(follows).bind(&user.name).bind(account).bind(name).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Deletes a user that has nothing any more: no keys, policies, groups, password and second factor.
    pub async fn user_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let dependants = sqlx::query(
            "SELECT (SELECT count(*) FROM access_keys WHERE account = ?1 AND user_name = ?2) AS keys,
                    (SELECT count(*) FROM policy_attachments
                     WHERE account = ?1 AND holder_kind = 'User' AND holder_name = ?2) AS policies,
                    (SELECT count(*) FROM group_members WHERE account = ?1 AND user_name = ?2) AS groups,
                    (SELECT count(*) FROM mfa_devices WHERE account = ?1 AND user_name = ?2) AS devices,
                    (SELECT count(*) FROM login_profiles WHERE account = ?1 AND user_name = ?2) AS logins",
        );
        let row = dependants.bind(account.as_str()).bind(name).fetch_one(&mut *transaction).await?;
        for (column, by) in [
            ("keys", "access keys"),
            ("policies", "attached policies"),
            ("groups", "groups"),
            ("devices", "an MFA device"),
            ("logins", "a login profile"),
        ] {
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
