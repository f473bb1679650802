//! Which events are gone because their segments went beyond the history.

use model::Seq;
use sqlx::{Sqlite, Transaction};

use crate::database::{Columns, seq_number};
use crate::{Catalog, CatalogError};

/// Notes that the events of this range are gone on purpose, joined with the ranges beside it.
pub(crate) async fn note(
    transaction: &mut Transaction<'_, Sqlite>,
    mut first: Seq,
    mut last: Seq,
) -> Result<(), CatalogError> {
    let query = sqlx::query("DELETE FROM retired WHERE last_seq >= ? AND first_seq <= ? RETURNING first_seq, last_seq");
    let beside = query.bind(seq_number(first) - 1).bind(seq_number(last) + 1).fetch_all(&mut **transaction).await?;
    for row in beside {
        first = first.min(Seq(row.count("first_seq")?));
        last = last.max(Seq(row.count("last_seq")?));
    }
    let query = sqlx::query("INSERT INTO retired (first_seq, last_seq) VALUES (?, ?)");
    query.bind(seq_number(first)).bind(seq_number(last)).execute(&mut **transaction).await?;
    Ok(())
}

impl Catalog {
    /// The ranges of events that are gone because they were beyond the history, oldest first.
    pub async fn retired(&self) -> Result<Vec<(Seq, Seq)>, CatalogError> {
        let rows = sqlx::query("SELECT first_seq, last_seq FROM retired ORDER BY first_seq");
        let rows = rows.fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((Seq(row.count("first_seq")?), Seq(row.count("last_seq")?)))).collect()
    }
}
