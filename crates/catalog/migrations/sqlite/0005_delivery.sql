-- Delivery: history jobs, metrics, buckets of other accounts, default and inner trails.

-- Before there were roles their names were stored and had no effect. Now they decide, and none of them can exist yet.
UPDATE trails SET destinations = json_set(destinations, '$.bucket.write_role_arn', NULL)
    WHERE destinations ->> '$.bucket.write_role_arn' IS NOT NULL;
UPDATE intervals SET destinations = json_set(destinations, '$.bucket.write_role_arn', NULL)
    WHERE destinations ->> '$.bucket.write_role_arn' IS NOT NULL;

-- 'Inner': platform events, one per account.
ALTER TABLE trails ADD COLUMN kind TEXT NOT NULL DEFAULT 'Account' CHECK (kind IN ('Account', 'Inner'));
CREATE UNIQUE INDEX trails_one_inner ON trails (account) WHERE kind = 'Inner';
-- The service a trail was made for, NULL for most.
ALTER TABLE trails ADD COLUMN service TEXT;

-- The bucket of a trail that writes to another account's; `trails.bucket` is NULL then.
CREATE TABLE trail_buckets (
    trail   INTEGER PRIMARY KEY REFERENCES trails (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    bucket  TEXT NOT NULL,
    FOREIGN KEY (account, bucket) REFERENCES buckets (account, name)
) STRICT;
CREATE INDEX trail_buckets_by_bucket ON trail_buckets (account, bucket);

-- `minute` is a number of minutes since 1970.
CREATE TABLE delivery_metrics (
    trail     INTEGER NOT NULL REFERENCES trails (id) ON DELETE CASCADE,
    minute    INTEGER NOT NULL,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (trail, minute)
) STRICT, WITHOUT ROWID;

-- Status: 0 waits, 1 delivers, 2 done, 3 failed. `trail` NULL: the trail was deleted.
CREATE TABLE delivery_jobs (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account       TEXT NOT NULL REFERENCES accounts (id),
    trail         INTEGER REFERENCES trails (id) ON DELETE SET NULL,
    trail_name    TEXT NOT NULL,
    home_region   TEXT NOT NULL,
    selector      TEXT NOT NULL,
    destinations  TEXT NOT NULL,
    from_time     INTEGER NOT NULL,
    through_time  INTEGER NOT NULL,
    head_seq      INTEGER NOT NULL,
    client_token  TEXT,
    status        INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 3),
    cursor_seq    INTEGER NOT NULL DEFAULT 0,
    plan_through  INTEGER,
    events        INTEGER NOT NULL DEFAULT 0,
    objects       INTEGER NOT NULL DEFAULT 0,
    error         TEXT,
    failing_since INTEGER,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX delivery_jobs_by_token ON delivery_jobs (account, client_token) WHERE client_token IS NOT NULL;
CREATE INDEX delivery_jobs_by_account ON delivery_jobs (account, id);
CREATE INDEX delivery_jobs_unfinished ON delivery_jobs (status) WHERE status < 2;
CREATE INDEX delivery_jobs_by_trail ON delivery_jobs (trail);

-- What was written, batch by batch, until it is counted again at the end.
CREATE TABLE delivery_job_batches (
    job         INTEGER NOT NULL REFERENCES delivery_jobs (id) ON DELETE CASCADE,
    after_seq   INTEGER NOT NULL,
    through_seq INTEGER NOT NULL,
    events      INTEGER NOT NULL,
    PRIMARY KEY (job, after_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery_job_regions (
    job    INTEGER NOT NULL REFERENCES delivery_jobs (id) ON DELETE CASCADE,
    region TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (job, region)
) STRICT, WITHOUT ROWID;

-- What an account has said about ActionTrail as a whole.
CREATE TABLE account_settings (
    account       TEXT PRIMARY KEY REFERENCES accounts (id),
    opened        INTEGER,
    default_trail INTEGER REFERENCES trails (id) ON DELETE SET NULL
) STRICT;
