-- Times are milliseconds since 1970, numbers of events are sequence numbers, selectors and destinations are JSON.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE accounts (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    is_management INTEGER NOT NULL,
    created       INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    user_id      TEXT PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES accounts (id),
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    comments     TEXT NOT NULL,
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

-- user_name NULL: the key of the account itself.
CREATE TABLE access_keys (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    user_name     TEXT,
    sealed_secret BLOB NOT NULL,
    active        INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    FOREIGN KEY (account, user_name) REFERENCES users (account, name)
) STRICT;
CREATE INDEX access_keys_by_owner ON access_keys (account, user_name);

CREATE TABLE policies (
    account     TEXT NOT NULL REFERENCES accounts (id),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    document    TEXT NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;

CREATE TABLE attachments (
    account     TEXT NOT NULL,
    user_name   TEXT NOT NULL,
    policy_kind TEXT NOT NULL CHECK (policy_kind IN ('System', 'Custom')),
    policy_name TEXT NOT NULL,
    attached    INTEGER NOT NULL,
    PRIMARY KEY (account, user_name, policy_kind, policy_name),
    FOREIGN KEY (account, user_name) REFERENCES users (account, name)
) STRICT;

-- Only the hash of a token is kept.
CREATE TABLE ingest_tokens (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    sha256     BLOB NOT NULL UNIQUE,
    from_event INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

CREATE TABLE buckets (
    account         TEXT NOT NULL REFERENCES accounts (id),
    name            TEXT NOT NULL,
    url             TEXT NOT NULL,
    sealed_settings BLOB NOT NULL,
    created         INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;

CREATE TABLE trails (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account      TEXT NOT NULL REFERENCES accounts (id),
    name         TEXT NOT NULL,
    home_region  TEXT NOT NULL,
    selector     TEXT NOT NULL,
    destinations TEXT NOT NULL,
    bucket       TEXT,
    status       TEXT NOT NULL CHECK (status IN ('Fresh', 'Enable', 'Disable')),
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    started      INTEGER,
    stopped      INTEGER,
    UNIQUE (account, name),
    FOREIGN KEY (account, bucket) REFERENCES buckets (account, name)
) STRICT;

-- A stretch of the journal a trail delivers: events after `after_seq`, up to `through_seq` (NULL while open).
CREATE TABLE intervals (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    trail        INTEGER NOT NULL REFERENCES trails (id) ON DELETE CASCADE,
    after_seq    INTEGER NOT NULL,
    through_seq  INTEGER,
    selector     TEXT NOT NULL,
    destinations TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX intervals_one_open ON intervals (trail) WHERE through_seq IS NULL;

CREATE TABLE deliveries (
    trail             INTEGER PRIMARY KEY REFERENCES trails (id) ON DELETE CASCADE,
    cursor_seq        INTEGER NOT NULL DEFAULT 0,
    plan_interval     INTEGER,
    plan_after        INTEGER,
    plan_through      INTEGER,
    latest_delivery   INTEGER,
    latest_error      TEXT,
    latest_error_at   INTEGER,
    events_delivered  INTEGER NOT NULL DEFAULT 0,
    objects_delivered INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE segments (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    file            TEXT NOT NULL UNIQUE,
    first_seq       INTEGER NOT NULL,
    last_seq        INTEGER NOT NULL,
    row_count       INTEGER NOT NULL,
    min_time        INTEGER NOT NULL,
    max_time        INTEGER NOT NULL,
    bytes           INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    oldest_received INTEGER NOT NULL
) STRICT;

-- One row: the last event that is in a segment.
CREATE TABLE store_cursor (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq      INTEGER NOT NULL
) STRICT;
INSERT INTO store_cursor (only_row, seq) VALUES (1, 0);
