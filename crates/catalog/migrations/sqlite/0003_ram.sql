-- Groups, roles, versions of policies, passwords and second factors.

CREATE TABLE groups (
    group_id TEXT PRIMARY KEY,
    account  TEXT NOT NULL REFERENCES accounts (id),
    name     TEXT NOT NULL,
    comments TEXT NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

CREATE TABLE group_members (
    account    TEXT NOT NULL,
    group_name TEXT NOT NULL,
    user_name  TEXT NOT NULL,
    joined     INTEGER NOT NULL,
    PRIMARY KEY (account, group_name, user_name),
    FOREIGN KEY (account, group_name) REFERENCES groups (account, name),
    FOREIGN KEY (account, user_name) REFERENCES users (account, name)
) STRICT;
CREATE INDEX group_members_by_user ON group_members (account, user_name);

-- service: whose service-linked role it is; NULL for a role the account made.
CREATE TABLE roles (
    role_id             TEXT PRIMARY KEY,
    account             TEXT NOT NULL REFERENCES accounts (id),
    name                TEXT NOT NULL,
    description         TEXT NOT NULL,
    trust               TEXT NOT NULL,
    session_seconds_max INTEGER NOT NULL,
    service             TEXT,
    created             INTEGER NOT NULL,
    updated             INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

-- Who has which policy: users, groups and roles. Takes over from `attachments`, which knew users only.
CREATE TABLE policy_attachments (
    account     TEXT NOT NULL REFERENCES accounts (id),
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('User', 'Group', 'Role')),
    holder_name TEXT NOT NULL,
    policy_kind TEXT NOT NULL CHECK (policy_kind IN ('System', 'Custom')),
    policy_name TEXT NOT NULL,
    attached    INTEGER NOT NULL,
    PRIMARY KEY (account, holder_kind, holder_name, policy_kind, policy_name)
) STRICT;
CREATE INDEX policy_attachments_by_policy ON policy_attachments (account, policy_kind, policy_name);
INSERT INTO policy_attachments (account, holder_kind, holder_name, policy_kind, policy_name, attached)
    SELECT account, 'User', user_name, policy_kind, policy_name, attached FROM attachments;
DELETE FROM attachments;

-- A policy's document is the one of its default version. Numbers are never given twice.
ALTER TABLE policies ADD COLUMN default_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE policies ADD COLUMN last_version INTEGER NOT NULL DEFAULT 1;
CREATE TABLE policy_versions (
    account  TEXT NOT NULL,
    policy   TEXT NOT NULL,
    number   INTEGER NOT NULL,
    document TEXT NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (account, policy, number),
    FOREIGN KEY (account, policy) REFERENCES policies (account, name)
) STRICT;
INSERT INTO policy_versions (account, policy, number, document, created)
    SELECT account, name, 1, document, updated FROM policies;

-- sealed_password: the hash of the password, sealed. user_name NULL: the account itself. earlier: the sealed hashes
-- before it, newest first, as JSON.
CREATE TABLE login_profiles (
    account         TEXT NOT NULL REFERENCES accounts (id),
    user_name       TEXT,
    sealed_password BLOB NOT NULL,
    earlier         TEXT NOT NULL,
    reset_required  INTEGER NOT NULL,
    mfa_required    INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    changed         INTEGER NOT NULL,
    FOREIGN KEY (account, user_name) REFERENCES users (account, name)
) STRICT;
CREATE UNIQUE INDEX login_profiles_by_user ON login_profiles (account, coalesce(user_name, ''));

-- last_step: the newest 30 seconds whose code was used, so that no code counts twice.
CREATE TABLE mfa_devices (
    account     TEXT NOT NULL REFERENCES accounts (id),
    name        TEXT NOT NULL,
    sealed_seed BLOB NOT NULL,
    user_name   TEXT,
    activated   INTEGER,
    last_step   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, name),
    FOREIGN KEY (account, user_name) REFERENCES users (account, name)
) STRICT;
CREATE UNIQUE INDEX mfa_devices_by_user ON mfa_devices (account, user_name) WHERE user_name IS NOT NULL;

CREATE TABLE password_policies (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    policy  TEXT NOT NULL
) STRICT;

CREATE TABLE account_aliases (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    alias   TEXT NOT NULL UNIQUE
) STRICT;
