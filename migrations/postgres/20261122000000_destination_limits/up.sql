-- Recent connection tests by destination, over all organisations: the primary key does not start with org_id. The hash
-- (SHA-256) names nobody.

CREATE TABLE destination_limits (
    destination_hash bytea PRIMARY KEY CHECK (octet_length(destination_hash) = 32),
    taken_at timestamptz[] NOT NULL
);
