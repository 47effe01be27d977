-- Recent connection tests by destination, over all organisations: the primary key does not start with org_id. The hash
-- (SHA-256) names nobody.

CREATE TABLE destination_limits (
    destination_hash BLOB NOT NULL PRIMARY KEY CHECK (length(destination_hash) = 32),
    -- A JSON array of times.
    taken_at TEXT NOT NULL CHECK (json_valid(taken_at))
) STRICT, WITHOUT ROWID;
