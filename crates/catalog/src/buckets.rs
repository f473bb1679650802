//! Buckets: places an account's trails may write to.

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Whose.
    pub account: AccountId,
    /// The name trails know it by, unique within the account.
    pub name: String,
    /// `file://`, `s3://` or `oss://`.
    pub url: String,
    /// Credentials, endpoint and the like, sealed.
    pub sealed_settings: Vec<u8>,
    /// Created.
    pub created: Timestamp,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bucket({} of {} at {})", self.name, self.account, self.url)
    }
}

fn from_row(row: &SqliteRow) -> Result<Bucket, CatalogError> {
    Ok(Bucket {
        account: row.account("account")?,
        name: row.text("name")?,
        url: row.text("url")?,
        sealed_settings: row.bytes("sealed_settings")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Creates a bucket.
    pub async fn bucket_put(&self, bucket: &Bucket) -> Result<(), CatalogError> {
        sqlx::query("INSERT INTO buckets (account, name, url, sealed_settings, created) VALUES (?, ?, ?, ?, ?)")
            .bind(bucket.account.as_str())
            .bind(&bucket.name)
            .bind(&bucket.url)
            .bind(&bucket.sealed_settings)
            .bind(bucket.created.0)
            .execute(self.writer())
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("bucket {}", bucket.name)))?;
        self.trails_changed();
        Ok(())
    }

    /// Exchanges a bucket's sealed settings. Its name and address stay.
    pub async fn bucket_update(&self, account: AccountId, name: &str, sealed: &[u8]) -> Result<(), CatalogError> {
        let query = sqlx::query("UPDATE buckets SET sealed_settings = ? WHERE account = ? AND name = ?").bind(sealed);
        let changed = query.bind(account.as_str()).bind(name).execute(self.writer()).await?;
        if changed.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("bucket {name}")));
        }
        self.trails_changed();
        Ok(())
    }

    /// The account's bucket of this name.
    pub async fn bucket_find(&self, account: AccountId, name: &str) -> Result<Option<Bucket>, CatalogError> {
        let query = sqlx::query("SELECT * FROM buckets WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The account's buckets, by name.
    pub async fn bucket_list(&self, account: AccountId) -> Result<Vec<Bucket>, CatalogError> {
        let query = sqlx::query("SELECT * FROM buckets WHERE account = ? ORDER BY name").bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Deletes a bucket no trail names. What was delivered stays where it is.
    pub async fn bucket_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT name FROM trails WHERE account = ? AND bucket = ? LIMIT 1");
        if let Some(trail) = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await? {
            let by = format!("trail {}", trail.text("name")?);
            return Err(CatalogError::InUse { what: format!("bucket {name}"), by });
        }
        let query = sqlx::query(
            "SELECT trails.account AS of_account FROM trail_buckets JOIN trails ON trails.id = trail_buckets.trail
             WHERE trail_buckets.account = ? AND trail_buckets.bucket = ? LIMIT 1",
        );
        if let Some(trail) = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await? {
            let by = format!("a trail of account {}", trail.text("of_account")?);
            return Err(CatalogError::InUse { what: format!("bucket {name}"), by });
        }
        // A trail that was moved elsewhere may still have events to deliver here. Whose bucket is meant follows from
        // the role, as in `BucketTarget::owner`.
        let query = sqlx::query(
            "SELECT trails.name FROM intervals JOIN trails ON trails.id = intervals.trail
             WHERE intervals.destinations ->> '$.bucket.name' = ?2
                 AND coalesce(substr(intervals.destinations ->> '$.bucket.write_role_arn', 1, length(?1) + 15),
                     'acs:ram::' || trails.account || ':role/') = 'acs:ram::' || ?1 || ':role/' LIMIT 1",
        );
        if let Some(trail) = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await? {
            let by = format!("undelivered events of trail {}", trail.text("name")?);
            return Err(CatalogError::InUse { what: format!("bucket {name}"), by });
        }
        let query = sqlx::query(
            "SELECT id FROM delivery_jobs WHERE status < 2 AND destinations ->> '$.bucket.name' = ?2
                 AND coalesce(substr(destinations ->> '$.bucket.write_role_arn', 1, length(?1) + 15),
                     'acs:ram::' || account || ':role/') = 'acs:ram::' || ?1 || ':role/' LIMIT 1",
        );
        if let Some(job) = query.bind(account.as_str()).bind(name).fetch_optional(&mut *transaction).await? {
            let by = format!("delivery history job {}", job.number("id")?);
            return Err(CatalogError::InUse { what: format!("bucket {name}"), by });
        }
        let query = sqlx::query("DELETE FROM buckets WHERE account = ? AND name = ?");
        if query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("bucket {name}")));
        }
        transaction.commit().await?;
        self.trails_changed();
        Ok(())
    }
}
