//! Delivery history jobs: what each is to write, how far it is, and what it wrote.
//!
//! Everything that moves a job forward is one transaction, so that after a crash cursor, batches and counts agree. What
//! is asked about an account's jobs takes the account; what moves them takes the job's number, as deliveries do.

use model::trail::{Destinations, Selector, TrailName};
use model::{AccountId, Seq, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::database::{Columns, seq_number, to_json};
use crate::logstores::stretches::{self, Past};
use crate::{Catalog, CatalogError, trails};

/// Where a job stands, by the numbers ActionTrail has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i64)]
pub enum JobStatus {
    /// It waits for its turn.
    Waiting = 0,
    /// It writes, or counts what it wrote.
    Delivering = 1,
    /// Everything is written and counted.
    Done = 2,
    /// It will not go on.
    Failed = 3,
}

impl JobStatus {
    /// The number on the wire.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// Whether nothing more will happen to it.
    pub fn is_finished(self) -> bool {
        self >= JobStatus::Done
    }

    fn from_number(number: i64) -> Result<JobStatus, CatalogError> {
        let all = [JobStatus::Waiting, JobStatus::Delivering, JobStatus::Done, JobStatus::Failed];
        let found = all.into_iter().find(|status| status.number() == number);
        found.ok_or_else(|| CatalogError::Corrupt { what: "status", value: number.to_string() })
    }
}

/// A job to be created. Selector and destinations are the trail's of this moment.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Whose.
    pub account: AccountId,
    /// The trail's number.
    pub trail: i64,
    /// Its name.
    pub trail_name: TrailName,
    /// Its home region.
    pub home_region: String,
    /// What is selected.
    pub selector: Selector,
    /// Where it goes.
    pub destinations: Destinations,
    /// The earliest event time.
    pub from: Timestamp,
    /// The latest event time.
    pub through: Timestamp,
    /// The journal's head: events after it are not the job's.
    pub head: Seq,
    /// Makes asking twice harmless.
    pub client_token: Option<String>,
    /// When.
    pub created: Timestamp,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The catalog's number of it; never reused.
    pub id: i64,
    /// Whose.
    pub account: AccountId,
    /// The trail's number; `None` once it is deleted.
    pub trail: Option<i64>,
    /// The trail's name when the job was created.
    pub trail_name: TrailName,
    /// The trail's home region.
    pub home_region: String,
    /// What is selected.
    pub selector: Selector,
    /// Where it goes.
    pub destinations: Destinations,
    /// The earliest event time.
    pub from: Timestamp,
    /// The latest event time.
    pub through: Timestamp,
    /// The last event it looks at.
    pub head: Seq,
    /// Where it stands.
    pub status: JobStatus,
    /// Everything up to here is written or was not selected.
    pub cursor: Seq,
    /// The end of the batch that is being written; it begins behind the cursor.
    pub planned: Option<Seq>,
    /// Events written.
    pub events: u64,
    /// Objects written.
    pub objects: u64,
    /// Why it failed, or the last attempt did.
    pub error: Option<String>,
    /// The first of the failed attempts since the last one that worked.
    pub failing_since: Option<Timestamp>,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub updated: Timestamp,
}

/// A batch a job has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobBatch {
    /// Events after this one.
    pub after: Seq,
    /// Up to and including this one.
    pub through: Seq,
    /// Events in its objects.
    pub events: u64,
}

/// How much of a job lies in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRegion {
    /// As in the objects' names.
    pub region: String,
    /// Events written.
    pub events: u64,
}

fn from_row(row: &SqliteRow) -> Result<Job, CatalogError> {
    Ok(Job {
        id: row.number("id")?,
        account: row.account("account")?,
        trail: row.number_if_any("trail")?,
        trail_name: row.parsed("trail_name")?,
        home_region: row.text("home_region")?,
        selector: row.json("selector")?,
        destinations: row.json("destinations")?,
        from: row.time("from_time")?,
        through: row.time("through_time")?,
        head: Seq(row.count("head_seq")?),
        status: JobStatus::from_number(row.number("status")?)?,
        cursor: Seq(row.count("cursor_seq")?),
        planned: row.number_if_any("plan_through")?.map(|seq| Seq(seq as u64)),
        events: row.count("events")?,
        objects: row.count("objects")?,
        error: row.try_get("error")?,
        failing_since: row.time_if_any("failing_since")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
    })
}

impl Catalog {
    /// Creates a job, unless the account has `unfinished_max` that are not finished. A token that was used before
    /// gives the job it made then, and `false`.
    pub async fn job_create(&self, new: NewJob, unfinished_max: usize) -> Result<(Job, bool), CatalogError> {
        let mut transaction = self.begin().await?;
        if let Some(token) = &new.client_token {
            let query = sqlx::query("SELECT * FROM delivery_jobs WHERE account = ? AND client_token = ?");
            let found = query.bind(new.account.as_str()).bind(token).fetch_optional(&mut *transaction).await?;
            if let Some(row) = found {
                return Ok((from_row(&row)?, false));
            }
        }
        let query = sqlx::query("SELECT count(*) AS jobs FROM delivery_jobs WHERE account = ? AND status < 2");
        let unfinished = query.bind(new.account.as_str()).fetch_one(&mut *transaction).await?.count("jobs")?;
        if unfinished >= unfinished_max as u64 {
            let what = "unfinished delivery history jobs".to_owned();
            return Err(CatalogError::LimitReached { what, limit: unfinished_max });
        }
        let inserted = sqlx::query(
            "INSERT INTO delivery_jobs (account, trail, trail_name, home_region, selector, destinations, from_time,
                 through_time, head_seq, client_token, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             RETURNING *",
        )
        .bind(new.account.as_str())
        .bind(new.trail)
        .bind(new.trail_name.as_str())
        .bind(&new.home_region)
        .bind(to_json(&new.selector))
        .bind(to_json(&new.destinations))
        .bind(new.from.0)
        .bind(new.through.0)
        .bind(seq_number(new.head))
        .bind(&new.client_token)
        .bind(new.created.0)
        .bind(new.created.0)
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("a job of trail {}", new.trail_name)))?;
        let job = from_row(&inserted)?;
        show_in_logstore(&mut transaction, &job).await?;
        transaction.commit().await?;
        self.jobs_changed();
        Ok((job, true))
    }

    /// The account's job of this number.
    pub async fn job_find(&self, account: AccountId, id: i64) -> Result<Option<Job>, CatalogError> {
        let query = sqlx::query("SELECT * FROM delivery_jobs WHERE account = ? AND id = ?");
        let row = query.bind(account.as_str()).bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// A page of the account's jobs, newest first, and how many there are.
    pub async fn job_list(&self, account: AccountId, skip: u64, limit: u64) -> Result<(Vec<Job>, u64), CatalogError> {
        let mut transaction = self.reader().begin().await?;
        let query = sqlx::query("SELECT * FROM delivery_jobs WHERE account = ? ORDER BY id DESC LIMIT ? OFFSET ?");
        let query = query.bind(account.as_str()).bind(limit as i64).bind(i64::try_from(skip).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&mut *transaction).await?;
        let query = sqlx::query("SELECT count(*) AS jobs FROM delivery_jobs WHERE account = ?");
        let total = query.bind(account.as_str()).fetch_one(&mut *transaction).await?.count("jobs")?;
        Ok((rows.iter().map(from_row).collect::<Result<_, _>>()?, total))
    }

    /// Deletes a job; one that works stops. What it wrote stays where it is.
    pub async fn job_delete(&self, account: AccountId, id: i64) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM delivery_jobs WHERE account = ? AND id = ?").bind(account.as_str());
        if query.bind(id).execute(self.writer()).await?.rows_affected() == 0 {
            return Err(CatalogError::not_found(format!("delivery history job {id}")));
        }
        self.jobs_changed();
        Ok(())
    }

    /// The regions a job has written to, by name.
    pub async fn job_regions(&self, id: i64) -> Result<Vec<JobRegion>, CatalogError> {
        let query = sqlx::query("SELECT region, events FROM delivery_job_regions WHERE job = ? ORDER BY region");
        let rows = query.bind(id).fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok(JobRegion { region: row.text("region")?, events: row.count("events")? })).collect()
    }

    /// Every account's jobs that are not finished, oldest first, for delivery.
    pub async fn jobs_unfinished(&self) -> Result<Vec<Job>, CatalogError> {
        let query = sqlx::query("SELECT * FROM delivery_jobs WHERE status < 2 ORDER BY id");
        query.fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// A job as it is now; `NotFound` once it is deleted.
    pub async fn job_state(&self, id: i64) -> Result<Job, CatalogError> {
        let row =
            sqlx::query("SELECT * FROM delivery_jobs WHERE id = ?").bind(id).fetch_optional(self.reader()).await?;
        from_row(&row.ok_or_else(|| gone(id))?)
    }

    /// What a job wrote, in order.
    pub async fn job_batches(&self, id: i64) -> Result<Vec<JobBatch>, CatalogError> {
        let query = sqlx::query("SELECT * FROM delivery_job_batches WHERE job = ? ORDER BY after_seq").bind(id);
        let rows = query.fetch_all(self.reader()).await?;
        let batch = |row: &SqliteRow| {
            let (after, through) = (Seq(row.count("after_seq")?), Seq(row.count("through_seq")?));
            Ok(JobBatch { after, through, events: row.count("events")? })
        };
        rows.iter().map(batch).collect()
    }

    /// Records what is about to be written: the events behind the job's cursor, up to `through`.
    pub async fn job_plan(&self, id: i64, through: Seq, at: Timestamp) -> Result<(), CatalogError> {
        let query = sqlx::query("UPDATE delivery_jobs SET status = 1, plan_through = ?, updated = ? WHERE id = ?");
        let query = query.bind(seq_number(through)).bind(at.0).bind(id);
        must_be_there(id, query.execute(self.writer()).await?.rows_affected())
    }

    /// Moves the cursor after a batch is written, or past events that are not the job's (`regions` is empty then).
    pub async fn job_advance(
        &self,
        id: i64,
        through: Seq,
        regions: &[JobRegion],
        objects: u64,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        let events: u64 = regions.iter().map(|region| region.events).sum();
        let mut transaction = self.begin().await?;
        if events > 0 {
            let query = sqlx::query(
                "INSERT INTO delivery_job_batches (job, after_seq, through_seq, events)
                 SELECT id, cursor_seq, ?, ? FROM delivery_jobs WHERE id = ?",
            );
            let query = query.bind(seq_number(through)).bind(events as i64).bind(id);
            must_be_there(id, query.execute(&mut *transaction).await?.rows_affected())?;
        }
        for region in regions {
            let query = sqlx::query(
                "INSERT INTO delivery_job_regions (job, region, events) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET events = events + excluded.events",
            );
            let query = query.bind(id).bind(&region.region).bind(region.events as i64);
            query.execute(&mut *transaction).await?;
        }
        let query = sqlx::query(
            "UPDATE delivery_jobs SET status = 1, cursor_seq = max(cursor_seq, ?), plan_through = NULL,
                 events = events + ?, objects = objects + ?, error = NULL, failing_since = NULL, updated = ?
             WHERE id = ?",
        );
        let query = query.bind(seq_number(through)).bind(events as i64).bind(objects as i64).bind(at.0).bind(id);
        must_be_there(id, query.execute(&mut *transaction).await?.rows_affected())?;
        transaction.commit().await?;
        Ok(())
    }

    /// Records a failed attempt; cursor and plan stay.
    pub async fn job_attempt_failed(&self, id: i64, error: &str, at: Timestamp) -> Result<(), CatalogError> {
        let query = sqlx::query(
            "UPDATE delivery_jobs SET error = ?1, failing_since = coalesce(failing_since, ?2), updated = ?2 WHERE id = ?3",
        );
        let query = query.bind(error).bind(at.0).bind(id);
        must_be_there(id, query.execute(self.writer()).await?.rows_affected())
    }

    /// Ends a job: done, or failed with this reason. What it wrote batch by batch is not needed any more.
    pub async fn job_finish(&self, id: i64, failure: Option<&str>, at: Timestamp) -> Result<(), CatalogError> {
        let status = if failure.is_some() { JobStatus::Failed } else { JobStatus::Done };
        let mut transaction = self.begin().await?;
        let query = sqlx::query(
            "UPDATE delivery_jobs SET status = ?, error = ?, plan_through = NULL, failing_since = NULL, updated = ?
             WHERE id = ?",
        );
        let query = query.bind(status.number()).bind(failure).bind(at.0).bind(id);
        must_be_there(id, query.execute(&mut *transaction).await?.rows_affected())?;
        sqlx::query("DELETE FROM delivery_job_batches WHERE job = ?").bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.jobs_changed();
        Ok(())
    }
}

/// The part of a job that copies nothing: its trail's Logstore shows the range from now on.
async fn show_in_logstore(transaction: &mut Transaction<'_, Sqlite>, job: &Job) -> Result<(), CatalogError> {
    let (Some(target), Some(trail)) = (job.destinations.view(), job.trail) else { return Ok(()) };
    let trail = trails::trail_by_id(transaction, trail).await?;
    let logstore = stretches::make_logstore(transaction, target, &trail, job.created).await?;
    let past = Past {
        account: job.account,
        selector: &job.selector,
        head: job.head,
        from: job.from,
        // The job's end belongs to it.
        before: Timestamp(job.through.0.saturating_add(1)),
    };
    stretches::add_past(transaction, logstore, &past).await
}

fn must_be_there(id: i64, rows: u64) -> Result<(), CatalogError> {
    if rows == 0 { Err(gone(id)) } else { Ok(()) }
}

fn gone(id: i64) -> CatalogError {
    CatalogError::not_found(format!("delivery history job {id}"))
}
