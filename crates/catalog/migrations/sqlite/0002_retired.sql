-- Events whose segments went beyond the history: so that a hole in the segments can be told from a loss. Neighbouring
-- ranges are joined, so there are few rows.
CREATE TABLE retired (
    first_seq INTEGER PRIMARY KEY,
    last_seq  INTEGER NOT NULL
) STRICT;
