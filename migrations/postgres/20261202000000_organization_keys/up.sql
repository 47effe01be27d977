-- The keys between root keys and data keys: each is of one organisation, and wrapped under a root key. Envelopes of
-- format 2 name one of them in their kek_id, those of format 1 a root key.
CREATE TABLE organization_keys (
    org_id text COLLATE "C" NOT NULL,
    -- The highest one wraps new data keys. Of two first keys at once only one gets 1.
    generation bigint NOT NULL CHECK (generation >= 1),
    id bytea NOT NULL CHECK (octet_length(id) = 8),
    root_id bytea NOT NULL CHECK (octet_length(root_id) = 8),
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, generation),
    CONSTRAINT organization_keys_id_key UNIQUE (org_id, id)
);
-- Serves the start, over all organisations.
CREATE INDEX organization_keys_root ON organization_keys (root_id);
