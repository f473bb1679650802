//! Looking at a catalog's file without changing it: the database itself, its schema, and what a check needs of it.
//!
//! Opened read-only and never brought up to date, so it can be the file of a running node, of a backup, or of a newer
//! version. What cannot be read is an entry in a list and not a failure, so that the rest is still looked at.

use std::path::Path;
use std::time::Duration;

use model::trail::{DestinationKind, Trail, TrailStatus};
use model::{AccountId, Seq};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, Row};

use crate::database::{Catalog, Columns, MIGRATIONS};
use crate::delivery::state_from_row;
use crate::trails::interval_from_row;
use crate::{CatalogError, DeliveryId, Manifest, Plan};

/// A backup waits for a node's longest transaction, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Dangling references that are kept; after the first few the rest say the same. SQLite is told the same number.
const COMPLAINTS_MAX: usize = 20;

/// A trail's delivery to one kind of destination, as far as a check needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedTrail {
    /// The trail's number and the kind.
    pub delivery: DeliveryId,
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Whether it is logging, and to this kind.
    pub is_logging: bool,
    /// Everything up to this event is delivered.
    pub cursor: Seq,
    /// What is being written.
    pub plan: Option<Plan>,
    /// Number, first event before, and last event of the stretches it delivers.
    pub intervals: Vec<(i64, Seq, Option<Seq>)>,
}

/// What a catalog's file holds.
#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// What SQLite's own checks complain about.
    pub complaints: Vec<String>,
    /// References to rows that do not exist.
    pub dangling: Vec<String>,
    /// What is wrong with the schema.
    pub schema: Vec<String>,
    /// The newest migration that was made.
    pub version: i64,
    /// Whether migrations of this program are not made yet.
    pub is_older: bool,
    /// The manifest.
    pub manifest: Option<Manifest>,
    /// Events that went beyond the history.
    pub retired: Vec<(Seq, Seq)>,
    /// Every account's trails and what each delivers.
    pub trails: Vec<InspectedTrail>,
    /// How many trails there are.
    pub trail_count: u64,
    /// How many accounts there are.
    pub accounts: u64,
    /// The management account: tells one node's data from another's.
    pub management: Option<AccountId>,
}

/// Looks at the file. Fails when it cannot be opened as a database at all.
pub async fn inspect(path: &Path) -> Result<Inspected, CatalogError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(PATIENCE);
    let reader = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(options).await?;
    let inspected = inspect_over(&reader).await;
    reader.close().await;
    inspected
}

async fn inspect_over(reader: &SqlitePool) -> Result<Inspected, CatalogError> {
    let mut found = Inspected::default();
    let complaints = sqlx::query("PRAGMA integrity_check(20)").fetch_all(reader).await;
    match complaints {
        Ok(rows) => {
            found.complaints = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            found.complaints.retain(|complaint| complaint != "ok");
        }
        Err(error) => found.complaints.push(error.to_string()),
    }
    match sqlx::query("PRAGMA foreign_key_check").fetch_all(reader).await {
        Ok(rows) => {
            for row in rows.iter().take(COMPLAINTS_MAX) {
                let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
                found.dangling.push(format!("a row of {table} names one of {parent} that does not exist"));
            }
        }
        Err(error) => found.complaints.push(error.to_string()),
    }
    if let Err(error) = schema(reader, &mut found).await {
        found.schema.push(format!("the list of migrations cannot be read: {error}"));
    }
    if let Err(error) = content(reader, &mut found).await {
        found.complaints.push(format!("it cannot be read: {error}"));
    }
    Ok(found)
}

/// Every migration of this program should be there, made, and unchanged; and none that it does not know.
async fn schema(reader: &SqlitePool, found: &mut Inspected) -> Result<(), CatalogError> {
    let rows = sqlx::query("SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version");
    let rows = rows.fetch_all(reader).await?;
    for row in &rows {
        let version = row.number("version")?;
        found.version = found.version.max(version);
        let known = MIGRATIONS.iter().find(|migration| migration.version == version);
        match known {
            _ if !row.flag("success")? => found.schema.push(format!("migration {version} was begun and not finished")),
            None => found.schema.push(format!("migration {version} is of a newer version of Cairn than this one")),
            Some(known) if *known.checksum != *row.bytes("checksum")? => {
                found.schema.push(format!("migration {version} is not the one this version of Cairn knows"));
            }
            Some(_) => {}
        }
    }
    found.is_older = MIGRATIONS.iter().any(|migration| migration.version > found.version);
    Ok(())
}

async fn content(reader: &SqlitePool, found: &mut Inspected) -> Result<(), CatalogError> {
    let catalog = Catalog::reading(reader.clone());
    found.manifest = Some(catalog.manifest().await?);
    if found.version >= 2 {
        found.retired = catalog.retired().await?;
    }
    let accounts = catalog.account_list().await?;
    found.accounts = accounts.len() as u64;
    found.management = accounts.iter().find(|account| account.is_management).map(|account| account.id);
    let trails = catalog.trail_list_all().await?;
    found.trail_count = trails.len() as u64;
    for trail in &trails {
        found.trails.extend(deliveries(reader, trail).await?);
    }
    Ok(())
}

/// A trail's deliveries. Before there were several there was one, to the bucket, and every interval was its own.
async fn deliveries(reader: &SqlitePool, trail: &Trail) -> Result<Vec<InspectedTrail>, CatalogError> {
    let rows = sqlx::query("SELECT * FROM deliveries WHERE trail = ?").bind(trail.id).fetch_all(reader).await?;
    let intervals = sqlx::query("SELECT * FROM intervals WHERE trail = ? ORDER BY id").bind(trail.id);
    let intervals = intervals.fetch_all(reader).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let kind = match row.try_column("kind") {
            Ok(_) => Some(row.parsed::<DestinationKind>("kind")?),
            Err(_) => None,
        };
        let state = state_from_row(row)?;
        let mut of_kind = Vec::new();
        for row in &intervals {
            let goes_there = match kind {
                Some(kind) => row.text("goes_to")?.contains(&format!(" {kind} ")),
                None => true,
            };
            if goes_there {
                let interval = interval_from_row(row)?;
                of_kind.push((interval.id, interval.after, interval.through));
            }
        }
        found.push(InspectedTrail {
            delivery: DeliveryId { trail: trail.id, kind: kind.unwrap_or(DestinationKind::Bucket) },
            account: trail.account,
            name: trail.name.to_string(),
            is_logging: trail.status == TrailStatus::Enable && kind.is_none_or(|kind| trail.destinations.has(kind)),
            cursor: state.cursor,
            plan: state.plan,
            intervals: of_kind,
        });
    }
    Ok(found)
}

/// Writes a consistent copy of a catalog that a node may be using to `target`, which must not exist. The copy is one
/// file and holds every transaction that had ended when this began.
pub async fn copy(path: &Path, target: &Path) -> Result<(), CatalogError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(PATIENCE);
    let mut connection = options.connect().await?;
    let target =
        target.to_str().ok_or_else(|| CatalogError::Corrupt { what: "path", value: target.display().to_string() })?;
    sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
