//! Passwords of users and of accounts, the rules for them, and the names accounts sign in by.
//!
//! Hashes arrive sealed; this crate can neither read nor check them.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::{Columns, to_json};
use crate::{Catalog, CatalogError};

/// What a user, or the account itself, signs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginProfile {
    /// Whose.
    pub account: AccountId,
    /// The user's name; `None` for the account itself.
    pub user: Option<String>,
    /// The hash of the password, sealed.
    pub sealed_password: Vec<u8>,
    /// The sealed hashes before it, newest first.
    pub earlier: Vec<Vec<u8>>,
    /// Whether it must be changed at the next sign-in.
    pub reset_required: bool,
    /// Whether a second factor must be bound.
    pub mfa_required: bool,
    /// Created.
    pub created: Timestamp,
    /// When the password was last changed.
    pub changed: Timestamp,
}

impl std::fmt::Debug for LoginProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoginProfile({} {:?})", self.account, self.user)
    }
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<LoginProfile, CatalogError> {
    Ok(LoginProfile {
        account: row.account("account")?,
        user: sqlx::Row::try_get(row, "user_name")?,
        sealed_password: row.bytes("sealed_password")?,
        earlier: row.json("earlier")?,
        reset_required: row.flag("reset_required")?,
        mfa_required: row.flag("mfa_required")?,
        created: row.time("created")?,
        changed: row.time("changed")?,
    })
}

impl Catalog {
    /// Creates a login profile of a user that exists, or of the account.
    pub async fn login_create(&self, login: &LoginProfile) -> Result<(), CatalogError> {
        sqlx::query(
            "INSERT INTO login_profiles
             (account, user_name, sealed_password, earlier, reset_required, mfa_required, created, changed)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(login.account.as_str())
        .bind(&login.user)
        .bind(&login.sealed_password)
        .bind(to_json(&login.earlier))
        .bind(login.reset_required)
        .bind(login.mfa_required)
        .bind(login.created.0)
        .bind(login.changed.0)
        .execute(self.writer())
        .await
        .map_err(|error| CatalogError::on_insert(error, || "the login profile".to_owned()))?;
        self.identity_changed();
        Ok(())
    }

    /// The login profile of a user, or of the account itself.
    pub async fn login_find(
        &self,
        account: AccountId,
        user: Option<&str>,
    ) -> Result<Option<LoginProfile>, CatalogError> {
        let query = sqlx::query("SELECT * FROM login_profiles WHERE account = ? AND user_name IS ?");
        let row = query.bind(account.as_str()).bind(user).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Writes a login profile anew, if it still has the password `before`: two changes at once must not both count.
    pub async fn login_update(&self, before: &[u8], login: &LoginProfile) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE login_profiles
             SET sealed_password = ?, earlier = ?, reset_required = ?, mfa_required = ?, changed = ?
             WHERE account = ? AND user_name IS ? AND sealed_password = ?",
        );
        let query = query.bind(&login.sealed_password).bind(to_json(&login.earlier)).bind(login.reset_required);
        let query = query.bind(login.mfa_required).bind(login.changed.0).bind(login.account.as_str());
        if query.bind(&login.user).bind(before).execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found("the login profile"));
        }
        self.identity_changed();
        Ok(())
    }

    /// Deletes a login profile.
    pub async fn login_delete(&self, account: AccountId, user: Option<&str>) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM login_profiles WHERE account = ? AND user_name IS ?");
        if query.bind(account.as_str()).bind(user).execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found("the login profile"));
        }
        self.identity_changed();
        Ok(())
    }

    /// The account's rules for passwords, in the form `identity` gave them.
    pub async fn password_policy_get(&self, account: AccountId) -> Result<Option<String>, CatalogError> {
        let query = sqlx::query("SELECT policy FROM password_policies WHERE account = ?").bind(account.as_str());
        query.fetch_optional(self.reader()).await?.map(|row| row.text("policy")).transpose()
    }

    /// Sets the account's rules for passwords.
    pub async fn password_policy_put(&self, account: AccountId, policy: &str) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "INSERT INTO password_policies (account, policy) VALUES (?, ?) ON CONFLICT DO UPDATE SET policy = ?2",
        );
        query.bind(account.as_str()).bind(policy).execute(self.writer()).await?;
        Ok(())
    }

    /// The account's alias.
    pub async fn alias_get(&self, account: AccountId) -> Result<Option<String>, CatalogError> {
        let query = sqlx::query("SELECT alias FROM account_aliases WHERE account = ?").bind(account.as_str());
        query.fetch_optional(self.reader()).await?.map(|row| row.text("alias")).transpose()
    }

    /// The account that has this alias.
    pub async fn alias_find(&self, alias: &str) -> Result<Option<AccountId>, CatalogError> {
        let query = sqlx::query("SELECT account FROM account_aliases WHERE alias = ?").bind(alias);
        query.fetch_optional(self.reader()).await?.map(|row| row.account("account")).transpose()
    }

    /// Gives the account an alias no other has, in place of the one before.
    pub async fn alias_put(&self, account: AccountId, alias: &str) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "INSERT INTO account_aliases (account, alias) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET alias = ?2",
        );
        let put = query.bind(account.as_str()).bind(alias).execute(self.writer()).await;
        put.map_err(|error| CatalogError::on_insert(error, || format!("the alias {alias}")))?;
        Ok(())
    }

    /// Takes the account's alias away.
    pub async fn alias_remove(&self, account: AccountId) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM account_aliases WHERE account = ?").bind(account.as_str());
        query.execute(self.writer()).await?;
        Ok(())
    }
}
