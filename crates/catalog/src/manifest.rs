//! The manifest: which segments there are, and the last event that is in one.

use model::{Seq, Timestamp};
use sqlx::sqlite::SqliteRow;

use crate::database::{Columns, seq_number};
use crate::{Catalog, CatalogError, retired};

/// A published segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The catalog's number of it; 0 before it is published.
    pub id: i64,
    /// File name without extension.
    pub file: String,
    /// Its first event.
    pub first: Seq,
    /// Its last event.
    pub last: Seq,
    /// Its events.
    pub rows: u64,
    /// The earliest event time.
    pub min_time: Timestamp,
    /// The latest event time.
    pub max_time: Timestamp,
    /// Bytes of its files.
    pub bytes: u64,
    /// How often its events were merged.
    pub level: u32,
    /// The earliest receipt time.
    pub oldest_received: Timestamp,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// By first event.
    pub segments: Vec<Segment>,
    /// The last event that is in a segment, or was and is beyond the history.
    pub cursor: Seq,
}

fn from_row(row: &SqliteRow) -> Result<Segment, CatalogError> {
    Ok(Segment {
        id: row.number("id")?,
        file: row.text("file")?,
        first: Seq(row.count("first_seq")?),
        last: Seq(row.count("last_seq")?),
        rows: row.count("row_count")?,
        min_time: row.time("min_time")?,
        max_time: row.time("max_time")?,
        bytes: row.count("bytes")?,
        level: row.count("level")? as u32,
        oldest_received: row.time("oldest_received")?,
    })
}

impl Catalog {
    /// The whole manifest.
    pub async fn manifest(&self) -> Result<Manifest, CatalogError> {
        let mut transaction = self.reader().begin().await?;
        let rows = sqlx::query("SELECT * FROM segments ORDER BY first_seq").fetch_all(&mut *transaction).await?;
        let cursor = sqlx::query("SELECT seq FROM store_cursor").fetch_one(&mut *transaction).await?;
        let segments = rows.iter().map(from_row).collect::<Result<_, _>>()?;
        Ok(Manifest { segments, cursor: Seq(cursor.count("seq")?) })
    }

    /// Adds and removes segments and moves the cursor, all or nothing. Gives the added ones with their numbers.
    pub async fn manifest_publish(
        &self,
        add: &[Segment],
        remove: &[i64],
        cursor: Option<Seq>,
    ) -> Result<Vec<Segment>, CatalogError> {
        let mut transaction = self.begin().await?;
        for id in remove {
            let query = sqlx::query("DELETE FROM segments WHERE id = ? RETURNING first_seq, last_seq").bind(id);
            let removed = query.fetch_optional(&mut *transaction).await?;
            let removed = removed.ok_or_else(|| CatalogError::not_found(format!("segment number {id}")))?;
            if add.is_empty() {
                // Nothing takes its place: its events are beyond the history.
                let (first, last) = (Seq(removed.count("first_seq")?), Seq(removed.count("last_seq")?));
                retired::note(&mut transaction, first, last).await?;
            }
        }
        let mut added = Vec::with_capacity(add.len());
        for segment in add {
            let inserted = sqlx::query(
                "INSERT INTO segments (file, first_seq, last_seq, row_count, min_time, max_time, bytes, level,
                     oldest_received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&segment.file)
            .bind(seq_number(segment.first))
            .bind(seq_number(segment.last))
            .bind(segment.rows as i64)
            .bind(segment.min_time.0)
            .bind(segment.max_time.0)
            .bind(segment.bytes as i64)
            .bind(segment.level)
            .bind(segment.oldest_received.0)
            .execute(&mut *transaction)
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("segment {}", segment.file)))?;
            added.push(Segment { id: inserted.last_insert_rowid(), ..segment.clone() });
        }
        if let Some(cursor) = cursor {
            let query = sqlx::query("UPDATE store_cursor SET seq = max(seq, ?)").bind(seq_number(cursor));
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(added)
    }
}
