-- Alert rules of Log Service's projects, and the records alerting reads: users, groups, policies, templates, calendars.

-- schedule and configuration are JSON as they were sent; a client reads back what it wrote.
-- version: 1, and one more with each change, so that who began with an older one notices. An id is never used again.
-- muted_until: read from the configuration; NULL when the rule is not muted.
CREATE TABLE alert_rules (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account       TEXT NOT NULL,
    project       TEXT NOT NULL,
    name          TEXT NOT NULL,
    display_name  TEXT NOT NULL,
    description   TEXT NOT NULL,
    is_enabled    INTEGER NOT NULL,
    muted_until   INTEGER,
    schedule      TEXT NOT NULL,
    configuration TEXT NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    UNIQUE (account, project, name),
    FOREIGN KEY (account, project) REFERENCES projects (account, name) ON DELETE CASCADE
) STRICT;
CREATE INDEX alert_rules_enabled ON alert_rules (id) WHERE is_enabled = 1;

-- What clients declared beside the built-in resources. schema and acl are JSON as sent.
CREATE TABLE resources (
    account     TEXT NOT NULL REFERENCES accounts (id),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    schema      TEXT NOT NULL,
    acl         TEXT NOT NULL,
    ext_info    TEXT NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;

-- No foreign key to resources: the built-in ones have no row there.
CREATE TABLE resource_records (
    account  TEXT NOT NULL REFERENCES accounts (id),
    resource TEXT NOT NULL,
    id       TEXT NOT NULL,
    tag      TEXT NOT NULL,
    value    TEXT NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    PRIMARY KEY (account, resource, id)
) STRICT;
