-- Saved queries, insight settings, and where global events lie.

CREATE TABLE query_templates (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    name    TEXT NOT NULL,
    query   TEXT NOT NULL,
    simple  INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
CREATE INDEX query_templates_by_account ON query_templates (account, created);

CREATE TABLE query_history (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    query   TEXT NOT NULL,
    simple  INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX query_history_by_account ON query_history (account, created);

-- One row an insight type that is on.
CREATE TABLE insight_types (
    account TEXT NOT NULL REFERENCES accounts (id),
    name    TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;

CREATE TABLE insight_addresses (
    account TEXT NOT NULL REFERENCES accounts (id),
    list    TEXT NOT NULL CHECK (list IN ('Black', 'White')),
    address TEXT NOT NULL,
    added   INTEGER NOT NULL,
    PRIMARY KEY (account, list, address)
) STRICT;

-- Where an account's global events lie: those after `after_seq`, until the next row.
CREATE TABLE global_regions (
    account   TEXT NOT NULL REFERENCES accounts (id),
    after_seq INTEGER NOT NULL,
    region    TEXT NOT NULL,
    chosen    INTEGER NOT NULL,
    PRIMARY KEY (account, after_seq)
) STRICT;
