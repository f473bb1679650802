//! Trails and the intervals of the journal they deliver.

use model::organization::DirectoryId;
use model::trail::{Destinations, Interval, Selector, Trail, TrailName, TrailStatus};
use model::{AccountId, Seq, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::database::{Columns, seq_number, to_json};
use crate::logstores::stretches;
use crate::{Catalog, CatalogError, DeliveryId, delivery, organization};

/// A trail to be created.
#[derive(Debug, Clone)]
pub struct NewTrail {
    /// Whose.
    pub account: AccountId,
    /// Unique within the account.
    pub name: TrailName,
    /// The region of the call.
    pub home_region: String,
    /// The directory whose members' events it delivers; `None`: its own account's only.
    pub organization: Option<DirectoryId>,
    /// What it selects.
    pub selector: Selector,
    /// Where it writes.
    pub destinations: Destinations,
    /// When.
    pub created: Timestamp,
}

/// What a trail delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrailKind {
    /// The account's events.
    Account,
    /// Platform events.
    Inner,
}

impl TrailKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            TrailKind::Account => "Account",
            TrailKind::Inner => "Inner",
        }
    }
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<Trail, CatalogError> {
    // The doctor reads catalogs of released schemas as they are, and the first ones have no organizations.
    let has_organizations = row.try_column("organization").is_ok();
    let status = match row.text("status")?.as_str() {
        "Fresh" => TrailStatus::Fresh,
        "Enable" => TrailStatus::Enable,
        "Disable" => TrailStatus::Disable,
        other => return Err(CatalogError::Corrupt { what: "status", value: other.to_owned() }),
    };
    Ok(Trail {
        id: row.number("id")?,
        account: row.account("account")?,
        name: row.parsed("name")?,
        home_region: row.text("home_region")?,
        organization: if has_organizations { row.parsed_if_any("organization")? } else { None },
        selector: row.json("selector")?,
        destinations: row.json("destinations")?,
        status,
        created: row.time("created")?,
        updated: row.time("updated")?,
        started: row.time_if_any("started")?,
        stopped: row.time_if_any("stopped")?,
    })
}

pub(crate) fn interval_from_row(row: &SqliteRow) -> Result<Interval, CatalogError> {
    Ok(Interval {
        id: row.number("id")?,
        after: Seq(row.count("after_seq")?),
        through: row.number_if_any("through_seq")?.map(|seq| Seq(seq as u64)),
        selector: row.json("selector")?,
        destinations: row.json("destinations")?,
    })
}

impl Catalog {
    /// Creates a trail in state Fresh, unless the account has `limit_per_region` in its home region. A directory has one
    /// trail, which is counted apart.
    pub async fn trail_create(&self, new: NewTrail, limit_per_region: usize) -> Result<Trail, CatalogError> {
        self.trail_insert(new, TrailKind::Account, None, limit_per_region).await
    }

    /// The same for a trail that is made for a service.
    pub async fn trail_create_for_service(
        &self,
        new: NewTrail,
        service: &str,
        limit_per_region: usize,
    ) -> Result<Trail, CatalogError> {
        self.trail_insert(new, TrailKind::Account, Some(service), limit_per_region).await
    }

    pub(crate) async fn trail_insert(
        &self,
        new: NewTrail,
        kind: TrailKind,
        service: Option<&str>,
        limit_per_region: usize,
    ) -> Result<Trail, CatalogError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "SELECT count(*) AS trails FROM trails
             WHERE account = ? AND home_region = ? AND kind = 'Account' AND organization IS NULL",
        );
        let row = query.bind(new.account.as_str()).bind(&new.home_region).fetch_one(&mut *transaction).await?;
        let taken = sqlx::query("SELECT 1 FROM trails WHERE account = ? AND name = ?");
        let taken = taken.bind(new.account.as_str()).bind(new.name.as_str()).fetch_optional(&mut *transaction).await?;
        if taken.is_some() {
            return Err(CatalogError::AlreadyExists { what: format!("trail {}", new.name) });
        }
        if let Some(directory) = &new.organization {
            organization::check_free(&mut transaction, directory).await?;
        } else if kind == TrailKind::Account && row.count("trails")? >= limit_per_region as u64 {
            let what = format!("trails in region {}", new.home_region);
            return Err(CatalogError::LimitReached { what, limit: limit_per_region });
        }
        destinations_must_exist(&mut transaction, new.account, &new.destinations).await?;
        let inserted = sqlx::query(
            "INSERT INTO trails (account, name, home_region, organization, selector, destinations, bucket, status, created,
                 updated, kind, service) VALUES (?, ?, ?, ?, ?, ?, ?, 'Fresh', ?, ?, ?, ?)",
        )
        .bind(new.account.as_str())
        .bind(new.name.as_str())
        .bind(&new.home_region)
        .bind(new.organization.as_ref().map(DirectoryId::as_str))
        .bind(to_json(&new.selector))
        .bind(to_json(&new.destinations))
        .bind(own_bucket(new.account, &new.destinations))
        .bind(new.created.0)
        .bind(new.created.0)
        .bind(kind.as_str())
        .bind(service)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("trail {}", new.name)))?;
        let id = inserted.last_insert_rowid();
        delivery::make_deliveries(&mut transaction, id, &new.destinations).await?;
        name_bucket_elsewhere(&mut transaction, id, new.account, &new.destinations).await?;
        if let Some(target) = new.destinations.view() {
            let trail = trail_by_id(&mut transaction, id).await?;
            stretches::make_logstore(&mut transaction, target, &trail, new.created).await?;
        }
        self.finish(transaction, id).await
    }

    /// The account's trail of this name.
    pub async fn trail_find(&self, account: AccountId, name: &TrailName) -> Result<Option<Trail>, CatalogError> {
        let query = sqlx::query("SELECT * FROM trails WHERE account = ? AND name = ? AND kind = 'Account'");
        let row = query.bind(account.as_str()).bind(name.as_str()).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The organization's trail.
    pub async fn trail_of_organization(&self, directory: &DirectoryId) -> Result<Option<Trail>, CatalogError> {
        let query = sqlx::query("SELECT * FROM trails WHERE organization = ?").bind(directory.as_str());
        query.fetch_optional(self.reader()).await?.as_ref().map(from_row).transpose()
    }

    /// The account's trails, by name.
    pub async fn trail_list(&self, account: AccountId) -> Result<Vec<Trail>, CatalogError> {
        let query = sqlx::query("SELECT * FROM trails WHERE account = ? AND kind = 'Account' ORDER BY name");
        let query = query.bind(account.as_str());
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// The account's trails that were made for a service, each with the service, by name.
    pub async fn trail_list_of_services(&self, account: AccountId) -> Result<Vec<(Trail, String)>, CatalogError> {
        let query = sqlx::query("SELECT * FROM trails WHERE account = ? AND service IS NOT NULL ORDER BY name");
        let rows = query.bind(account.as_str()).fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((from_row(row)?, row.text("service")?))).collect()
    }

    /// The trail of this number, for delivery.
    pub async fn trail_by_number(&self, id: i64) -> Result<Option<Trail>, CatalogError> {
        let row = sqlx::query("SELECT * FROM trails WHERE id = ?").bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Every account's trails, for delivery.
    pub async fn trail_list_all(&self) -> Result<Vec<Trail>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM trails ORDER BY id").fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }

    /// Changes what a trail selects and where it writes. If it is logging, events up to `head` keep the old settings
    /// and events after it get the new ones.
    pub async fn trail_update(
        &self,
        id: i64,
        selector: &Selector,
        destinations: &Destinations,
        at: Timestamp,
        head: Seq,
    ) -> Result<Trail, CatalogError> {
        let mut transaction = self.begin().await?;
        let account = trail_by_id(&mut transaction, id).await?.account;
        destinations_must_exist(&mut transaction, account, destinations).await?;
        let query =
            sqlx::query("UPDATE trails SET selector = ?, destinations = ?, bucket = ?, updated = ? WHERE id = ?");
        query
            .bind(to_json(selector))
            .bind(to_json(destinations))
            .bind(own_bucket(account, destinations))
            .bind(at.0)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        name_bucket_elsewhere(&mut transaction, id, account, destinations).await?;
        delivery::make_deliveries(&mut transaction, id, destinations).await?;
        let trail = trail_by_id(&mut transaction, id).await?;
        if trail.status == TrailStatus::Enable {
            let boundary = boundary(&mut transaction, id, head).await?;
            close_interval(&mut transaction, id, boundary).await?;
            stretches::close(&mut transaction, id, boundary).await?;
            open_interval(&mut transaction, &trail, boundary).await?;
            stretches::open(&mut transaction, &trail, boundary, at).await?;
        } else if let Some(target) = destinations.view() {
            stretches::make_logstore(&mut transaction, target, &trail, at).await?;
        }
        self.finish(transaction, id).await
    }

    /// Starts logging: events after `head` are delivered. No effect on a trail that is logging.
    pub async fn trail_start(&self, id: i64, at: Timestamp, head: Seq) -> Result<Trail, CatalogError> {
        let mut transaction = self.begin().await?;
        let trail = trail_by_id(&mut transaction, id).await?;
        if trail.status != TrailStatus::Enable {
            sqlx::query("UPDATE trails SET status = 'Enable', started = ? WHERE id = ?")
                .bind(at.0)
                .bind(id)
                .execute(&mut *transaction)
                .await?;
            let boundary = boundary(&mut transaction, id, head).await?;
            open_interval(&mut transaction, &trail, boundary).await?;
            stretches::open(&mut transaction, &trail, boundary, at).await?;
        }
        self.finish(transaction, id).await
    }

    /// Stops logging: events after `head` are not delivered. No effect on a trail that is not logging.
    pub async fn trail_stop(&self, id: i64, at: Timestamp, head: Seq) -> Result<Trail, CatalogError> {
        let mut transaction = self.begin().await?;
        let trail = trail_by_id(&mut transaction, id).await?;
        if trail.status == TrailStatus::Enable {
            sqlx::query("UPDATE trails SET status = 'Disable', stopped = ? WHERE id = ?")
                .bind(at.0)
                .bind(id)
                .execute(&mut *transaction)
                .await?;
            let boundary = boundary(&mut transaction, id, head).await?;
            close_interval(&mut transaction, id, boundary).await?;
            stretches::close(&mut transaction, id, boundary).await?;
        }
        self.finish(transaction, id).await
    }

    /// Deletes a trail and everything undelivered of it. What was delivered stays where it is, and its Logstore goes on
    /// to show what the trail selected up to `head`.
    pub async fn trail_delete(&self, id: i64, head: Seq) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        trail_by_id(&mut transaction, id).await?;
        let boundary = boundary(&mut transaction, id, head).await?;
        stretches::close(&mut transaction, id, boundary).await?;
        sqlx::query("DELETE FROM trails WHERE id = ?").bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.trails_changed();
        Ok(())
    }

    /// The intervals that go to one kind of a trail's destinations and are not dropped yet, oldest first.
    pub async fn intervals(&self, id: DeliveryId) -> Result<Vec<Interval>, CatalogError> {
        let query =
            sqlx::query("SELECT * FROM intervals WHERE trail = ? AND instr(goes_to, ' ' || ? || ' ') > 0 ORDER BY id");
        let rows = query.bind(id.trail).bind(id.kind.as_str()).fetch_all(self.reader()).await?;
        rows.iter().map(interval_from_row).collect()
    }

    async fn finish(&self, mut transaction: Transaction<'_, Sqlite>, id: i64) -> Result<Trail, CatalogError> {
        let trail = trail_by_id(&mut transaction, id).await?;
        transaction.commit().await?;
        self.trails_changed();
        Ok(trail)
    }
}

pub(crate) async fn trail_by_id(transaction: &mut Transaction<'_, Sqlite>, id: i64) -> Result<Trail, CatalogError> {
    let row = sqlx::query("SELECT * FROM trails WHERE id = ?").bind(id).fetch_optional(&mut **transaction).await?;
    from_row(&row.ok_or_else(|| CatalogError::not_found(format!("trail number {id}")))?)
}

/// The foreign key says the same of a bucket, but not which.
async fn destinations_must_exist(
    transaction: &mut Transaction<'_, Sqlite>,
    account: AccountId,
    destinations: &Destinations,
) -> Result<(), CatalogError> {
    if let Some(logs) = &destinations.logs {
        stretches::project_must_exist(transaction, logs).await?;
    }
    let Some(bucket) = &destinations.bucket else { return Ok(()) };
    let owner = bucket.owner(account);
    let query = sqlx::query("SELECT 1 FROM buckets WHERE account = ? AND name = ?").bind(owner.as_str());
    match query.bind(&bucket.name).fetch_optional(&mut **transaction).await? {
        Some(_) => Ok(()),
        None => Err(CatalogError::not_found(format!("bucket {}", bucket.name))),
    }
}

/// The bucket as the trail's own row refers to it: only one of the same account.
fn own_bucket(account: AccountId, destinations: &Destinations) -> Option<&str> {
    let bucket = destinations.bucket.as_ref().filter(|bucket| bucket.owner(account) == account);
    bucket.map(|bucket| bucket.name.as_str())
}

/// Refers to the bucket of another account, or to none any more.
async fn name_bucket_elsewhere(
    transaction: &mut Transaction<'_, Sqlite>,
    trail: i64,
    account: AccountId,
    destinations: &Destinations,
) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM trail_buckets WHERE trail = ?").bind(trail).execute(&mut **transaction).await?;
    let Some(bucket) = destinations.bucket.as_ref().filter(|bucket| bucket.owner(account) != account) else {
        return Ok(());
    };
    let query = sqlx::query("INSERT INTO trail_buckets (trail, account, bucket) VALUES (?, ?, ?)").bind(trail);
    query.bind(bucket.owner(account).as_str()).bind(&bucket.name).execute(&mut **transaction).await?;
    Ok(())
}

/// Where one interval ends and the next begins: at the journal's head as the caller knew it, or behind what delivery
/// has planned or delivered meanwhile, so that no event falls into two intervals.
async fn boundary(transaction: &mut Transaction<'_, Sqlite>, trail: i64, head: Seq) -> Result<Seq, CatalogError> {
    let query = sqlx::query(
        "SELECT max(?, coalesce(max(max(cursor_seq, coalesce(plan_through, 0))), 0)) AS boundary
         FROM deliveries WHERE trail = ?",
    );
    let row = query.bind(seq_number(head)).bind(trail).fetch_one(&mut **transaction).await?;
    Ok(Seq(row.count("boundary")?))
}

/// Opens an interval if what it selects is written anywhere.
async fn open_interval(
    transaction: &mut Transaction<'_, Sqlite>,
    trail: &Trail,
    head: Seq,
) -> Result<(), CatalogError> {
    let goes_to = delivery::goes_to(&trail.destinations);
    if goes_to.is_empty() {
        return Ok(());
    }
    sqlx::query("INSERT INTO intervals (trail, after_seq, selector, destinations, goes_to) VALUES (?, ?, ?, ?, ?)")
        .bind(trail.id)
        .bind(seq_number(head))
        .bind(to_json(&trail.selector))
        .bind(to_json(&trail.destinations))
        .bind(goes_to)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Closes the open interval; one without events, or with all of them delivered, goes at once.
async fn close_interval(transaction: &mut Transaction<'_, Sqlite>, trail: i64, head: Seq) -> Result<(), CatalogError> {
    sqlx::query("UPDATE intervals SET through_seq = max(?, after_seq) WHERE trail = ? AND through_seq IS NULL")
        .bind(seq_number(head))
        .bind(trail)
        .execute(&mut **transaction)
        .await?;
    delivery::drop_passed(transaction, trail).await
}
