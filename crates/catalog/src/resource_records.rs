//! Log Service's resources and their records: the users, groups, policies, templates and calendars of alerting, and
//! whatever tables clients declare for themselves.
//!
//! Built-in resources (`sls.*`) exist by themselves and have no row here, only records. Values are the text that was
//! sent. Every change of a record raises [`Catalog::resource_records_version`].

use model::{AccountId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A resource that a client declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Whose.
    pub account: AccountId,
    /// Unique in the account.
    pub name: String,
    /// For people.
    pub description: String,
    /// JSON, as it was sent.
    pub schema: String,
    /// JSON, as it was sent.
    pub acl: String,
    /// As it was sent.
    pub ext_info: String,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Unique in the account's resource.
    pub id: String,
    /// For people.
    pub tag: String,
    /// JSON, as it was sent.
    pub value: String,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

/// What a client says about a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResourceRecord {
    /// Unique in the account's resource.
    pub id: String,
    /// `None` keeps the tag of the record that is there.
    pub tag: Option<String>,
    /// JSON, as it was sent.
    pub value: String,
}

fn resource(row: &SqliteRow) -> Result<Resource, CatalogError> {
    Ok(Resource {
        account: row.account("account")?,
        name: row.text("name")?,
        description: row.text("description")?,
        schema: row.text("schema")?,
        acl: row.text("acl")?,
        ext_info: row.text("ext_info")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

fn record(row: &SqliteRow) -> Result<ResourceRecord, CatalogError> {
    Ok(ResourceRecord {
        id: row.text("id")?,
        tag: row.text("tag")?,
        value: row.text("value")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

fn must_be_there(what: impl FnOnce() -> String, rows: u64) -> Result<(), CatalogError> {
    if rows == 0 { Err(CatalogError::not_found(what())) } else { Ok(()) }
}

impl Catalog {
    /// Declares a resource, unless the account has `limit` already.
    pub async fn resource_create(&self, new: &Resource, limit: usize) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("SELECT count(*) AS resources FROM resources WHERE account = ?");
        let row = query.bind(new.account.as_str()).fetch_one(&mut *transaction).await?;
        if row.count("resources")? >= limit as u64 {
            return Err(CatalogError::LimitReached { what: "resources".to_owned(), limit });
        }
        sqlx::query(
            "INSERT INTO resources (account, name, description, schema, acl, ext_info, created, updated)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.account.as_str())
        .bind(&new.name)
        .bind(&new.description)
        .bind(&new.schema)
        .bind(&new.acl)
        .bind(&new.ext_info)
        .bind(new.created.0)
        .bind(new.updated.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("resource {}", new.name)))?;
        Ok(transaction.commit().await?)
    }

    /// Writes a resource in place of the one of its name.
    pub async fn resource_update(&self, changed: &Resource) -> Result<(), CatalogError> {
        let updated = sqlx::query(
            "UPDATE resources SET description = ?, schema = ?, acl = ?, ext_info = ?, updated = ?
             WHERE account = ? AND name = ?",
        )
        .bind(&changed.description)
        .bind(&changed.schema)
        .bind(&changed.acl)
        .bind(&changed.ext_info)
        .bind(changed.updated.0)
        .bind(changed.account.as_str())
        .bind(&changed.name)
        .execute(self.writer())
        .await?;
        must_be_there(|| format!("resource {}", changed.name), updated.rows_affected())
    }

    /// The account's resource of this name.
    pub async fn resource_find(&self, account: AccountId, name: &str) -> Result<Option<Resource>, CatalogError> {
        let query = sqlx::query("SELECT * FROM resources WHERE account = ? AND name = ?");
        let row = query.bind(account.as_str()).bind(name).fetch_optional(self.reader()).await?;
        row.as_ref().map(resource).transpose()
    }

    /// The account's resources by name.
    pub async fn resource_list(&self, account: AccountId) -> Result<Vec<Resource>, CatalogError> {
        let query = sqlx::query("SELECT * FROM resources WHERE account = ? ORDER BY name");
        query.bind(account.as_str()).fetch_all(self.reader()).await?.iter().map(resource).collect()
    }

    /// Forgets a resource and its records.
    pub async fn resource_delete(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query("DELETE FROM resources WHERE account = ? AND name = ?");
        let deleted = query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?;
        must_be_there(|| format!("resource {name}"), deleted.rows_affected())?;
        let query = sqlx::query("DELETE FROM resource_records WHERE account = ? AND resource = ?");
        query.bind(account.as_str()).bind(name).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.resource_records_changed();
        Ok(())
    }

    /// Adds a record, unless the account's resource has `limit` already.
    pub async fn resource_record_create(
        &self,
        account: AccountId,
        of: &str,
        new: &NewResourceRecord,
        now: Timestamp,
        limit: usize,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        insert(&mut transaction, account, of, new, now)
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("record {}", new.id)))?;
        must_fit(&mut transaction, account, of, limit).await?;
        transaction.commit().await?;
        self.resource_records_changed();
        Ok(())
    }

    /// Writes a record in place of the one of its id.
    pub async fn resource_record_update(
        &self,
        account: AccountId,
        of: &str,
        changed: &NewResourceRecord,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let updated = update(&mut transaction, account, of, changed, now).await?;
        must_be_there(|| format!("record {}", changed.id), updated)?;
        transaction.commit().await?;
        self.resource_records_changed();
        Ok(())
    }

    /// Writes records, new ones and those that are there; all or none.
    pub async fn resource_records_put(
        &self,
        account: AccountId,
        of: &str,
        records: &[NewResourceRecord],
        now: Timestamp,
        limit: usize,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        for record in records {
            if update(&mut transaction, account, of, record, now).await? == 0 {
                insert(&mut transaction, account, of, record, now)
                    .await
                    .map_err(|error| CatalogError::on_insert(error, || format!("record {}", record.id)))?;
            }
        }
        must_fit(&mut transaction, account, of, limit).await?;
        transaction.commit().await?;
        self.resource_records_changed();
        Ok(())
    }

    /// The record of this id.
    pub async fn resource_record_find(
        &self,
        account: AccountId,
        of: &str,
        id: &str,
    ) -> Result<Option<ResourceRecord>, CatalogError> {
        let query = sqlx::query("SELECT * FROM resource_records WHERE account = ? AND resource = ? AND id = ?");
        let row = query.bind(account.as_str()).bind(of).bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(record).transpose()
    }

    /// The resource's records by id.
    pub async fn resource_record_list(
        &self,
        account: AccountId,
        of: &str,
    ) -> Result<Vec<ResourceRecord>, CatalogError> {
        let query = sqlx::query("SELECT * FROM resource_records WHERE account = ? AND resource = ? ORDER BY id");
        query.bind(account.as_str()).bind(of).fetch_all(self.reader()).await?.iter().map(record).collect()
    }

    /// Forgets records; all of them must be there.
    pub async fn resource_records_delete(
        &self,
        account: AccountId,
        of: &str,
        ids: &[String],
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        for id in ids {
            let query = sqlx::query("DELETE FROM resource_records WHERE account = ? AND resource = ? AND id = ?");
            let query = query.bind(account.as_str()).bind(of).bind(id);
            let deleted = query.execute(&mut *transaction).await?;
            must_be_there(|| format!("record {id}"), deleted.rows_affected())?;
        }
        transaction.commit().await?;
        self.resource_records_changed();
        Ok(())
    }
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    account: AccountId,
    of: &str,
    new: &NewResourceRecord,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let query = "INSERT INTO resource_records (account, resource, id, tag, value, created, updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
    let query = sqlx::query(query).bind(account.as_str()).bind(of).bind(&new.id);
    let query = query.bind(new.tag.as_deref().unwrap_or_default()).bind(&new.value).bind(now.0);
    query.execute(&mut **transaction).await.map(|_| ())
}

async fn update(
    transaction: &mut Transaction<'_, Sqlite>,
    account: AccountId,
    of: &str,
    changed: &NewResourceRecord,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let query = "UPDATE resource_records SET tag = coalesce(?, tag), value = ?, updated = ?
                 WHERE account = ? AND resource = ? AND id = ?";
    let query = sqlx::query(query).bind(&changed.tag).bind(&changed.value).bind(now.0);
    let query = query.bind(account.as_str()).bind(of).bind(&changed.id);
    query.execute(&mut **transaction).await.map(|updated| updated.rows_affected())
}

async fn must_fit(
    transaction: &mut Transaction<'_, Sqlite>,
    account: AccountId,
    of: &str,
    limit: usize,
) -> Result<(), CatalogError> {
    let query = sqlx::query("SELECT count(*) AS records FROM resource_records WHERE account = ? AND resource = ?");
    let row = query.bind(account.as_str()).bind(of).fetch_one(&mut **transaction).await?;
    if row.count("records")? > limit as u64 {
        return Err(CatalogError::LimitReached { what: format!("records of {of}"), limit });
    }
    Ok(())
}
