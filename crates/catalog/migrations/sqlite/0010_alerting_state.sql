-- What alerting remembers between two evaluations: where rules stand, incidents, merge sets, and what is to be sent.

-- evaluated_through: the scheduled time of the last run. state: JSON of crate `alert`. version: of the rule that ran.
CREATE TABLE alert_rule_states (
    rule              INTEGER PRIMARY KEY REFERENCES alert_rules (id) ON DELETE CASCADE,
    version           INTEGER NOT NULL,
    state             TEXT NOT NULL,
    evaluated_through INTEGER NOT NULL,
    status            TEXT NOT NULL,
    reason            TEXT NOT NULL
) STRICT;

-- ended: NULL while it is open, also when it is ignored. rule stays after the rule is deleted.
-- told: the first notification. escalated: the clocks of its policy that rang: 1 not confirmed, 2 not done, 4 too long.
-- escalate_at: when to look at those clocks again; NULL when there is nothing to wait for.
CREATE TABLE alert_incidents (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    project       TEXT NOT NULL,
    rule          TEXT NOT NULL,
    rule_id       INTEGER NOT NULL,
    title         TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('firing', 'confirmed', 'ignored', 'resolved')),
    severity      INTEGER NOT NULL,
    fired         INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    ended         INTEGER,
    handled_by    TEXT,
    handled       INTEGER,
    note          TEXT NOT NULL DEFAULT '',
    action_policy TEXT NOT NULL DEFAULT '',
    told          INTEGER,
    escalated     INTEGER NOT NULL DEFAULT 0,
    escalate_at   INTEGER,
    alert         TEXT NOT NULL
) STRICT;
CREATE INDEX alert_incidents_by_account ON alert_incidents (account, fired);
CREATE INDEX alert_incidents_open ON alert_incidents (account, fingerprint) WHERE ended IS NULL;
CREATE INDEX alert_incidents_to_escalate ON alert_incidents (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE INDEX alert_incidents_ended ON alert_incidents (ended) WHERE ended IS NOT NULL;

-- state: JSON of crate `alert`.
CREATE TABLE alert_merge_sets (
    account TEXT NOT NULL REFERENCES accounts (id),
    policy  TEXT NOT NULL,
    key     TEXT NOT NULL,
    state   TEXT NOT NULL,
    PRIMARY KEY (account, policy, key)
) STRICT;

-- matchers: JSON of crate `alert`.
CREATE TABLE alert_silences (
    id       TEXT PRIMARY KEY,
    account  TEXT NOT NULL REFERENCES accounts (id),
    matchers TEXT NOT NULL,
    starts   INTEGER NOT NULL,
    ends     INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    creator  TEXT NOT NULL,
    created  INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_silences_by_account ON alert_silences (account, ends);

-- Everything that was told or deliberately not told. code and reason say why. incidents: JSON list of ids.
CREATE TABLE notifications (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    project       TEXT NOT NULL,
    rule          TEXT NOT NULL,
    action_policy TEXT NOT NULL,
    channel       TEXT NOT NULL,
    recipient     TEXT NOT NULL,
    outcome       TEXT NOT NULL CHECK (outcome IN ('waiting', 'sent', 'failed', 'suppressed')),
    code          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    incidents     TEXT NOT NULL,
    title         TEXT NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    created       INTEGER NOT NULL,
    finished      INTEGER
) STRICT;
CREATE INDEX notifications_by_account ON notifications (account, created);
CREATE INDEX notifications_by_age ON notifications (created);

CREATE TABLE notification_attempts (
    notification TEXT NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('sent', 'retry', 'failed')),
    detail       TEXT NOT NULL,
    PRIMARY KEY (notification, number)
) STRICT, WITHOUT ROWID;

-- What is still to be done outside the catalog. A row goes when it is done or given up.
CREATE TABLE outbox (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('notification', 'history')),
    account  TEXT NOT NULL REFERENCES accounts (id),
    channel  TEXT NOT NULL,
    due      INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    body     TEXT NOT NULL,
    created  INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (kind, channel, due);

-- How many messages a recipient had on a channel on a day (days since 1970, in the recipient's calendar).
CREATE TABLE alert_quotas (
    account   TEXT NOT NULL REFERENCES accounts (id),
    recipient TEXT NOT NULL,
    channel   TEXT NOT NULL,
    day       INTEGER NOT NULL,
    used      INTEGER NOT NULL,
    PRIMARY KEY (account, recipient, channel, day)
) STRICT, WITHOUT ROWID;

-- The Message Center. id: of the notification.
CREATE TABLE inbox (
    id       TEXT PRIMARY KEY,
    account  TEXT NOT NULL REFERENCES accounts (id),
    severity INTEGER NOT NULL,
    title    TEXT NOT NULL,
    content  TEXT NOT NULL,
    created  INTEGER NOT NULL,
    read     INTEGER
) STRICT;
CREATE INDEX inbox_by_account ON inbox (account, created);

-- How far readers of new events are that keep no state of their own.
CREATE TABLE alert_cursors (
    name TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT;
