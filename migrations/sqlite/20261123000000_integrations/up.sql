-- One connection a provider, present or past. The foreign key keeps a connection from outliving its credential, whoever
-- deletes that; the unique index serves it, and lets a credential be used by one connection only.

CREATE TABLE integrations (
    org_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    -- NULL is disconnected.
    credential_id BLOB CHECK (length(credential_id) = 16),
    connected_by TEXT NOT NULL,
    connected_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, provider),
    FOREIGN KEY (org_id, credential_id) REFERENCES credentials (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX integrations_credential ON integrations (org_id, credential_id);
