-- Projects and Logstores, and deliveries to several destinations.

-- 'Remote': outside this node; its endpoint and access key are sealed in `settings`, which is empty for the others.
CREATE TABLE projects (
    account         TEXT NOT NULL REFERENCES accounts (id),
    name            TEXT NOT NULL,
    region          TEXT NOT NULL,
    description     TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('Embedded', 'Remote')),
    sealed_settings BLOB NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;

-- trail: the last one that was pointed here; NULL once it is deleted.
CREATE TABLE logstores (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    project  TEXT NOT NULL,
    name     TEXT NOT NULL,
    ttl_days INTEGER NOT NULL,
    trail    INTEGER REFERENCES trails (id) ON DELETE SET NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    UNIQUE (account, project, name),
    FOREIGN KEY (account, project) REFERENCES projects (account, name)
) STRICT;
CREATE INDEX logstores_by_trail ON logstores (trail);

-- What a Logstore shows: events after `after_seq`, up to `through_seq` (NULL while open), of the account or, with a
-- directory, of its members within their memberships. `trail` NULL: the trail was deleted, or a history job made it.
-- from_time and before_time: event times of a history job; NULL for all.
CREATE TABLE view_intervals (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    logstore    INTEGER NOT NULL REFERENCES logstores (id) ON DELETE CASCADE,
    trail       INTEGER REFERENCES trails (id) ON DELETE SET NULL,
    account     TEXT NOT NULL,
    directory   TEXT,
    after_seq   INTEGER NOT NULL,
    through_seq INTEGER,
    selector    TEXT NOT NULL,
    from_time   INTEGER,
    before_time INTEGER
) STRICT;
CREATE UNIQUE INDEX view_intervals_one_open ON view_intervals (trail) WHERE through_seq IS NULL;
CREATE INDEX view_intervals_by_logstore ON view_intervals (logstore);
CREATE INDEX view_intervals_by_directory ON view_intervals (directory) WHERE directory IS NOT NULL;

-- The kinds of destinations an interval is written to, with a blank before and behind each.
ALTER TABLE intervals ADD COLUMN goes_to TEXT NOT NULL DEFAULT '';
UPDATE intervals SET goes_to = ' Bucket ' WHERE destinations ->> '$.bucket.name' IS NOT NULL;
-- What goes nowhere is owed to nobody.
DELETE FROM intervals WHERE goes_to = '';

-- Nothing refers to a row of these two tables, so they can be made anew.
CREATE TABLE deliveries_by_kind (
    trail             INTEGER NOT NULL REFERENCES trails (id) ON DELETE CASCADE,
    kind              TEXT NOT NULL CHECK (kind IN ('Bucket', 'LogService', 'Table')),
    cursor_seq        INTEGER NOT NULL DEFAULT 0,
    plan_interval     INTEGER,
    plan_after        INTEGER,
    plan_through      INTEGER,
    latest_delivery   INTEGER,
    latest_error      TEXT,
    latest_error_at   INTEGER,
    events_delivered  INTEGER NOT NULL DEFAULT 0,
    objects_delivered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (trail, kind)
) STRICT;
INSERT INTO deliveries_by_kind
    SELECT trail, 'Bucket', cursor_seq, plan_interval, plan_after, plan_through, latest_delivery, latest_error,
        latest_error_at, events_delivered, objects_delivered FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_by_kind RENAME TO deliveries;

CREATE TABLE delivery_metrics_by_kind (
    trail     INTEGER NOT NULL REFERENCES trails (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    minute    INTEGER NOT NULL,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (trail, kind, minute)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_metrics_by_kind SELECT trail, 'Bucket', minute, succeeded, failed FROM delivery_metrics;
DROP TABLE delivery_metrics;
ALTER TABLE delivery_metrics_by_kind RENAME TO delivery_metrics;
