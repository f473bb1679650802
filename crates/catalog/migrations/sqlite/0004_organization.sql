-- An organization. Its management account is whoever enabled it.
CREATE TABLE directories (
    id          TEXT PRIMARY KEY,
    management  TEXT NOT NULL UNIQUE REFERENCES accounts (id),
    root_folder TEXT NOT NULL,
    created     INTEGER NOT NULL
) STRICT;

-- The root folder has no parent.
CREATE TABLE folders (
    id        TEXT PRIMARY KEY,
    directory TEXT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    parent    TEXT REFERENCES folders (id),
    name      TEXT NOT NULL,
    created   INTEGER NOT NULL,
    UNIQUE (directory, parent, name)
) STRICT;

-- A history: an account's events after `joined_after` and up to `left_through` (NULL while a member) are the organization's.
CREATE TABLE memberships (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    directory    TEXT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    account      TEXT NOT NULL REFERENCES accounts (id),
    joined_after INTEGER NOT NULL,
    left_through INTEGER,
    folder       TEXT REFERENCES folders (id),
    display_name TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('MasterAccount', 'CloudAccount', 'ResourceAccount')),
    join_method  TEXT NOT NULL CHECK (join_method IN ('invited', 'created')),
    joined       INTEGER NOT NULL,
    modified     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX memberships_one_open ON memberships (account) WHERE left_through IS NULL;
CREATE INDEX memberships_by_directory ON memberships (directory, account);

CREATE TABLE handshakes (
    id        TEXT PRIMARY KEY,
    directory TEXT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    target    TEXT NOT NULL REFERENCES accounts (id),
    folder    TEXT NOT NULL,
    note      TEXT NOT NULL,
    status    TEXT NOT NULL CHECK (status IN ('Pending', 'Accepted', 'Cancelled', 'Declined')),
    created   INTEGER NOT NULL,
    modified  INTEGER NOT NULL,
    expires   INTEGER NOT NULL
) STRICT;

CREATE TABLE delegated_administrators (
    directory TEXT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    account   TEXT NOT NULL REFERENCES accounts (id),
    service   TEXT NOT NULL,
    enabled   INTEGER NOT NULL,
    PRIMARY KEY (directory, account, service)
) STRICT;

-- The directory whose members' events a trail delivers; NULL: its own account's.
ALTER TABLE trails ADD COLUMN organization TEXT;

-- One row: counts the changes of what trails select, so that a cursor is moved only by whoever knows the last one.
CREATE TABLE selection_changes (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    intervals INTEGER NOT NULL,
    members   INTEGER NOT NULL
) STRICT;
INSERT INTO selection_changes (only_row, intervals, members) VALUES (1, 0, 0);

CREATE TRIGGER intervals_opened AFTER INSERT ON intervals
BEGIN
    UPDATE selection_changes SET intervals = intervals + 1;
END;
CREATE TRIGGER intervals_closed AFTER UPDATE ON intervals
BEGIN
    UPDATE selection_changes SET intervals = intervals + 1;
END;
CREATE TRIGGER members_joined AFTER INSERT ON memberships
BEGIN
    UPDATE selection_changes SET members = members + 1;
END;
CREATE TRIGGER members_left AFTER UPDATE OF left_through ON memberships
BEGIN
    UPDATE selection_changes SET members = members + 1;
END;
