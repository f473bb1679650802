-- What Log Service's clients keep beside the logs: who reads them how far, saved searches, dashboards.

CREATE TABLE consumer_groups (
    account         TEXT NOT NULL REFERENCES accounts (id),
    project         TEXT NOT NULL,
    logstore        TEXT NOT NULL,
    name            TEXT NOT NULL,
    timeout_seconds INTEGER NOT NULL,
    in_order        INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    PRIMARY KEY (account, project, logstore, name)
) STRICT;

-- How far a group has read a shard. The cursor is kept as the client sent it.
CREATE TABLE consumer_checkpoints (
    account        TEXT NOT NULL,
    project        TEXT NOT NULL,
    logstore       TEXT NOT NULL,
    consumer_group TEXT NOT NULL,
    shard          INTEGER NOT NULL,
    cursor         TEXT NOT NULL,
    consumer       TEXT NOT NULL,
    updated        INTEGER NOT NULL,
    PRIMARY KEY (account, project, logstore, consumer_group, shard),
    FOREIGN KEY (account, project, logstore, consumer_group)
        REFERENCES consumer_groups (account, project, logstore, name) ON DELETE CASCADE
) STRICT;

-- Saved searches and dashboards: JSON as it was sent.
CREATE TABLE log_documents (
    account TEXT NOT NULL REFERENCES accounts (id),
    project TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('dashboard', 'savedsearch')),
    name    TEXT NOT NULL,
    body    TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (account, project, kind, name)
) STRICT;
