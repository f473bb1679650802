//! Members that administer a service for the whole organization.

use model::organization::DirectoryId;
use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::{MemberKind, member};
use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A member and the service it administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The member.
    pub account: AccountId,
    /// The service's principal, for example `actiontrail.aliyuncs.com`.
    pub service: String,
    /// Since when.
    pub enabled: Timestamp,
}

fn from_row(row: &SqliteRow) -> Result<Delegation, CatalogError> {
    Ok(Delegation { account: row.account("account")?, service: row.text("service")?, enabled: row.time("enabled")? })
}

impl Catalog {
    /// Makes a member the administrator of a service, unless the service has `limit` already. The management account
    /// needs no delegation and cannot get one.
    pub async fn delegation_create(
        &self,
        directory: &DirectoryId,
        new: &Delegation,
        limit: usize,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let what = || format!("a delegation of {} to account {}", new.service, new.account);
        if member(&mut transaction, directory, new.account).await?.kind == MemberKind::Master {
            return Err(CatalogError::InUse { what: what(), by: "the management account".to_owned() });
        }
        let query = sqlx::query(
            "SELECT count(*) AS delegations, coalesce(sum(account = ?), 0) AS own FROM delegated_administrators
             WHERE directory = ? AND service = ?",
        );
        let query = query.bind(new.account.as_str()).bind(directory.as_str()).bind(&new.service);
        let row = query.fetch_one(&mut *transaction).await?;
        if row.count("own")? == 0 && row.count("delegations")? >= limit as u64 {
            let what = format!("delegated administrators of {}", new.service);
            return Err(CatalogError::LimitReached { what, limit });
        }
        sqlx::query("INSERT INTO delegated_administrators (directory, account, service, enabled) VALUES (?, ?, ?, ?)")
            .bind(directory.as_str())
            .bind(new.account.as_str())
            .bind(&new.service)
            .bind(new.enabled.0)
            .execute(&mut *transaction)
            .await
            .map_err(|error| CatalogError::on_insert(error, what))?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a delegation. Refused while the account has the organization's trail: what it may not create any more it
    /// may not go on delivering.
    pub async fn delegation_delete(
        &self,
        directory: &DirectoryId,
        account: AccountId,
        service: &str,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT name FROM trails WHERE organization = ? AND account = ?");
        let trail = query.bind(directory.as_str()).bind(account.as_str()).fetch_optional(&mut *transaction).await?;
        if let Some(trail) = trail.filter(|_| service == "actiontrail.aliyuncs.com") {
            let by = format!("its trail {} of the organization", trail.text("name")?);
            return Err(CatalogError::InUse { what: format!("the delegation to account {account}"), by });
        }
        let query =
            sqlx::query("DELETE FROM delegated_administrators WHERE directory = ? AND account = ? AND service = ?");
        let query = query.bind(directory.as_str()).bind(account.as_str()).bind(service);
        let deleted = query.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        if deleted == 0 {
            return Err(CatalogError::not_found(format!("a delegation of {service} to account {account}")));
        }
        Ok(())
    }

    /// Every delegation of the directory, by account and service.
    pub async fn delegation_list(&self, directory: &DirectoryId) -> Result<Vec<Delegation>, CatalogError> {
        let query = sqlx::query("SELECT * FROM delegated_administrators WHERE directory = ? ORDER BY account, service");
        query.bind(directory.as_str()).fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }
}
