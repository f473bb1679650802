//! Versions of custom policies. One of them is the default, which is the one that counts.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, `1` for `v1`.
    pub number: i64,
    /// Its document.
    pub document: String,
    /// Whether it is the one that counts.
    pub is_default: bool,
    /// Created.
    pub created: Timestamp,
}

fn from_row(row: &SqliteRow) -> Result<PolicyVersion, CatalogError> {
    Ok(PolicyVersion {
        number: row.number("number")?,
        document: row.text("document")?,
        is_default: row.flag("is_default")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// The versions of a policy, oldest first; none when there is no such policy.
    pub async fn policy_versions(&self, account: AccountId, policy: &str) -> Result<Vec<PolicyVersion>, CatalogError> {
        let query = sqlx::query(
            "SELECT version.*, version.number = policy.default_version AS is_default
             FROM policy_versions version
             JOIN policies policy ON policy.account = version.account AND policy.name = version.policy
             WHERE version.account = ? AND version.policy = ? ORDER BY version.number",
        );
        query.bind(account.as_str()).bind(policy).fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Adds a version, unless there are `limit` of them. With `rotate` the oldest that is not the default makes room.
    pub async fn policy_version_add(
        &self,
        account: AccountId,
        policy: &str,
        version: &PolicyVersion,
        limit: usize,
        rotate: bool,
    ) -> Result<PolicyVersion, CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "SELECT last_version, default_version,
                    (SELECT count(*) FROM policy_versions WHERE account = ?1 AND policy = ?2) AS versions
             FROM policies WHERE account = ?1 AND name = ?2",
        );
        let row = query.bind(account.as_str()).bind(policy).fetch_optional(&mut *transaction).await?;
        let row = row.ok_or_else(|| CatalogError::not_found(format!("policy {policy}")))?;
        if row.count("versions")? >= limit as u64 {
            if !rotate {
                return Err(CatalogError::LimitReached { what: format!("versions of policy {policy}"), limit });
            }
            let query = sqlx::query(
                "DELETE FROM policy_versions WHERE account = ?1 AND policy = ?2 AND number =
                 (SELECT min(number) FROM policy_versions WHERE account = ?1 AND policy = ?2 AND number <> ?3)",
            );
            let query = query.bind(account.as_str()).bind(policy).bind(row.number("default_version")?);
            query.execute(&mut *transaction).await?;
        }
        let number = row.number("last_version")? + 1;
        let query = sqlx::query(
            "INSERT INTO policy_versions (account, policy, number, document, created) VALUES (?, ?, ?, ?, ?)",
        );
        let query = query.bind(account.as_str()).bind(policy).bind(number);
        query.bind(&version.document).bind(version.created.0).execute(&mut *transaction).await?;
        let query = sqlx::query("UPDATE policies SET last_version = ?, updated = ? WHERE account = ? AND name = ?");
        let query = query.bind(number).bind(version.created.0).bind(account.as_str()).bind(policy);
        query.execute(&mut *transaction).await?;
        if version.is_default {
            make_default(&mut transaction, account, policy, number).await?;
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(PolicyVersion { number, ..version.clone() })
    }

    /// Makes another version the one that counts.
    pub async fn policy_version_set_default(
        &self,
        account: AccountId,
        policy: &str,
        number: i64,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        make_default(&mut transaction, account, policy, number).await?;
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }

    /// Deletes a version that is not the default.
    pub async fn policy_version_delete(
        &self,
        account: AccountId,
        policy: &str,
        number: i64,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT 1 FROM policies WHERE account = ? AND name = ? AND default_version = ?");
        let query = query.bind(account.as_str()).bind(policy).bind(number);
        if query.fetch_optional(&mut *transaction).await?.is_some() {
            let what = format!("version v{number} of policy {policy}");
            return Err(CatalogError::InUse { what, by: "the policy, as its default".to_owned() });
        }
        let query = sqlx::query("DELETE FROM policy_versions WHERE account = ? AND policy = ? AND number = ?");
        let query = query.bind(account.as_str()).bind(policy).bind(number);
        if query.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(no_version(policy, number));
        }
        transaction.commit().await?;
        self.identity_changed();
        Ok(())
    }
}

async fn make_default(
    transaction: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    account: AccountId,
    policy: &str,
    number: i64,
) -> Result<(), CatalogError> {
    let query = sqlx::query(
        "UPDATE policies SET default_version = ?3, document = version.document
         FROM (SELECT document FROM policy_versions WHERE account = ?1 AND policy = ?2 AND number = ?3) AS version
         WHERE account = ?1 AND name = ?2",
    );
    let query = query.bind(account.as_str()).bind(policy).bind(number);
    if query.execute(&mut **transaction).await?.rows_affected() == 0 {
        return Err(no_version(policy, number));
    }
    Ok(())
}

fn no_version(policy: &str, number: i64) -> CatalogError {
    CatalogError::not_found(format!("version v{number} of policy {policy}"))
}
