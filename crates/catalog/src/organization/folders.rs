//! Folders of a directory. They order its members and mean nothing to delivery.

use model::Timestamp;
use model::organization::DirectoryId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: String,
    /// The directory.
    pub directory: DirectoryId,
    /// The folder it lies in; `None` for the root.
    pub parent: Option<String>,
    /// Unique within its parent.
    pub name: String,
    /// Created.
    pub created: Timestamp,
}

fn from_row(row: &SqliteRow) -> Result<Folder, CatalogError> {
    Ok(Folder {
        id: row.text("id")?,
        directory: row.parsed("directory")?,
        parent: row.text_if_any("parent")?,
        name: row.text("name")?,
        created: row.time("created")?,
    })
}

impl Catalog {
    /// Makes a folder, at most `depth_max` below the root and with at most `count_max` beside it in the directory.
    pub async fn folder_create(&self, new: &Folder, depth_max: usize, count_max: usize) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let mut depth = 0;
        let mut above = new.parent.clone();
        while let Some(id) = above {
            depth += 1;
            above = must_exist(&mut transaction, &new.directory, &id).await?.parent;
        }
        if depth > depth_max {
            return Err(CatalogError::LimitReached { what: "levels of folders".to_owned(), limit: depth_max });
        }
        let query = sqlx::query("SELECT count(*) AS folders FROM folders WHERE directory = ?");
        let row = query.bind(new.directory.as_str()).fetch_one(&mut *transaction).await?;
        // The root is not counted.
        if row.count("folders")? > count_max as u64 {
            return Err(CatalogError::LimitReached { what: "folders".to_owned(), limit: count_max });
        }
        insert(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A folder of the directory.
    pub async fn folder_find(&self, directory: &DirectoryId, id: &str) -> Result<Option<Folder>, CatalogError> {
        let query = sqlx::query("SELECT * FROM folders WHERE directory = ? AND id = ?");
        let row = query.bind(directory.as_str()).bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Every folder of the directory, by id.
    pub async fn folder_list(&self, directory: &DirectoryId) -> Result<Vec<Folder>, CatalogError> {
        let query = sqlx::query("SELECT * FROM folders WHERE directory = ? ORDER BY id").bind(directory.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// Gives a folder another name. The root keeps its own.
    pub async fn folder_rename(&self, directory: &DirectoryId, id: &str, name: &str) -> Result<Folder, CatalogError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE folders SET name = ? WHERE directory = ? AND id = ? AND parent IS NOT NULL")
            .bind(name)
            .bind(directory.as_str())
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("folder {name}")))?;
        let folder = must_exist(&mut transaction, directory, id).await?;
        transaction.commit().await?;
        Ok(folder)
    }

    /// Removes a folder that holds neither accounts nor folders.
    pub async fn folder_delete(&self, directory: &DirectoryId, id: &str) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let folder = must_exist(&mut transaction, directory, id).await?;
        let in_use = |by: &str| CatalogError::InUse { what: format!("folder {id}"), by: by.to_owned() };
        if folder.parent.is_none() {
            return Err(in_use("the directory, as its root"));
        }
        let uses = [
            ("accounts", "SELECT 1 FROM memberships WHERE folder = ? AND left_through IS NULL"),
            ("folders", "SELECT 1 FROM folders WHERE parent = ?"),
        ];
        for (by, query) in uses {
            if sqlx::query(query).bind(id).fetch_optional(&mut *transaction).await?.is_some() {
                return Err(in_use(by));
            }
        }
        sqlx::query("DELETE FROM folders WHERE id = ?").bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

pub(super) async fn insert(transaction: &mut Transaction<'_, Sqlite>, new: &Folder) -> Result<(), CatalogError> {
    sqlx::query("INSERT INTO folders (id, directory, parent, name, created) VALUES (?, ?, ?, ?, ?)")
        .bind(&new.id)
        .bind(new.directory.as_str())
        .bind(&new.parent)
        .bind(&new.name)
        .bind(new.created.0)
        .execute(&mut **transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("folder {}", new.name)))?;
    Ok(())
}

pub(super) async fn must_exist(
    transaction: &mut Transaction<'_, Sqlite>,
    directory: &DirectoryId,
    id: &str,
) -> Result<Folder, CatalogError> {
    let query = sqlx::query("SELECT * FROM folders WHERE directory = ? AND id = ?");
    let row = query.bind(directory.as_str()).bind(id).fetch_optional(&mut **transaction).await?;
    from_row(&row.ok_or_else(|| CatalogError::not_found(format!("folder {id}")))?)
}
