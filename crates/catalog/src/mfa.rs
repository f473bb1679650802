//! Second factors: devices that show a new code every 30 seconds. Their seeds arrive sealed.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A device, bound to a user or not yet.
#[derive(Clone, PartialEq, Eq)]
pub struct MfaDevice {
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: String,
    /// The seed of its codes, sealed.
    pub sealed_seed: Vec<u8>,
    /// Who has it.
    pub user: Option<String>,
    /// Since when.
    pub activated: Option<Timestamp>,
    /// The newest 30 seconds a code of which was used.
    pub last_step: i64,
}

impl std::fmt::Debug for MfaDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MfaDevice({} of {} {:?})", self.name, self.account, self.user)
    }
}

fn from_row(row: &SqliteRow) -> Result<MfaDevice, CatalogError> {
    Ok(MfaDevice {
        account: row.account("account")?,
        name: row.text("name")?,
        sealed_seed: row.bytes("sealed_seed")?,
        user: sqlx::Row::try_get(row, "user_name")?,
        activated: row.time_if_any("activated")?,
        last_step: row.number("last_step")?,
    })
}

impl Catalog {
    /// Creates a device nobody has.
    pub async fn mfa_create(&self, device: &MfaDevice) -> Result<(), CatalogError> {
        sqlx::query("INSERT INTO mfa_devices (account, name, sealed_seed) VALUES (?, ?, ?)")
            .bind(device.account.as_str())
            .bind(&device.name)
            .bind(&device.sealed_seed)
            .execute(self.writer())
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("MFA device {}", device.name)))?;
        Ok(())
    }

    /// The account's devices, by name.
    pub async fn mfa_list(&self, account: AccountId) -> Result<Vec<MfaDevice>, CatalogError> {
        let query = sqlx::query("SELECT * FROM mfa_devices WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// The account's device of this name.
    pub async fn mfa_find(&self, account: AccountId, name: &str) -> Result<Option<MfaDevice>, CatalogError> {
        let query = sqlx::query("SELECT * FROM mfa_devices WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The device of a user.
    pub async fn mfa_of_user(&self, account: AccountId, user: &str) -> Result<Option<MfaDevice>, CatalogError> {
        let query = sqlx::query("SELECT * FROM mfa_devices WHERE account = ? AND user_name = ?");
        let row = query.bind(account.as_str()).bind(user).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Gives a free device to a user who has none; both must exist.
    pub async fn mfa_bind(
        &self,
        account: AccountId,
        name: &str,
        user: &str,
        at: Timestamp,
        last_step: i64,
    ) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE mfa_devices SET user_name = ?, activated = ?, last_step = ?
             WHERE account = ? AND name = ? AND user_name IS NULL",
        );
        let query = query.bind(user).bind(at.0).bind(last_step).bind(account.as_str()).bind(name);
        let bound = query.execute(self.writer()).await;
        let bound = bound.map_err(|error| CatalogError::on_insert(error, || format!("an MFA device of {user}")))?;
        if bound.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("free MFA device {name}")));
        }
        Ok(())
    }

    /// Remembers that a code of this step was used; false when one of this step or a later one was before.
    pub async fn mfa_use(&self, account: AccountId, name: &str, step: i64) -> Result<bool, CatalogError> {
        let query =
            sqlx::query("UPDATE mfa_devices SET last_step = ?3 WHERE account = ?1 AND name = ?2 AND last_step < ?3");
        let used = query.bind(account.as_str()).bind(name).bind(step).execute(self.writer()).await?;
        Ok(used.rows_affected() == 1)
    }

    /// Takes a user's device away and forgets it.
    pub async fn mfa_unbind(&self, account: AccountId, user: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM mfa_devices WHERE account = ? AND user_name = ?");
        if query.bind(account.as_str()).bind(user).execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("an MFA device of {user}")));
        }
        Ok(())
    }

    /// Deletes a device nobody has.
    pub async fn mfa_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query =
            sqlx::query("SELECT user_name IS NOT NULL AS bound FROM mfa_devices WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await?;
        if row.ok_or_else(|| CatalogError::not_found(format!("MFA device {name}")))?.flag("bound")? {
            return Err(CatalogError::InUse { what: format!("MFA device {name}"), by: "a user".to_owned() });
        }
        let query = sqlx::query("DELETE FROM mfa_devices WHERE account = ? AND name = ?");
        query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}
