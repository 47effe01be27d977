-- One connection a provider, present or past. The foreign key keeps a connection from outliving its credential, whoever
-- deletes that; the unique index serves it, and lets a credential be used by one connection only.

CREATE TABLE integrations (
    org_id text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    -- NULL is disconnected.
    credential_id uuid,
    connected_by text NOT NULL,
    connected_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, provider),
    CONSTRAINT integrations_credential_fkey FOREIGN KEY (org_id, credential_id) REFERENCES credentials (org_id, id)
);
CREATE UNIQUE INDEX integrations_credential_key ON integrations (org_id, credential_id);
