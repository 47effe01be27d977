-- The keys between root keys and data keys: each is of one organisation, and wrapped under a root key. Envelopes of
-- format 2 name one of them in their kek_id, those of format 1 a root key.
CREATE TABLE organization_keys (
    org_id TEXT NOT NULL,
    -- The highest one wraps new data keys. Of two first keys at once only one gets 1.
    generation INTEGER NOT NULL CHECK (generation >= 1),
    id BLOB NOT NULL CHECK (length(id) = 8),
    root_id BLOB NOT NULL CHECK (length(root_id) = 8),
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, generation),
    UNIQUE (org_id, id)
) STRICT, WITHOUT ROWID;
-- Serves the start, over all organisations.
CREATE INDEX organization_keys_root ON organization_keys (root_id);
