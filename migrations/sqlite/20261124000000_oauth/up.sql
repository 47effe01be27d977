-- oauth_state_locator leads to the organisation, as api_key_locator does: its primary key does not start with org_id.
-- States and codes are stored as SHA-256 only.

ALTER TABLE credentials ADD COLUMN refresh_at INTEGER;
ALTER TABLE credentials ADD COLUMN oauth_app_id BLOB CHECK (length(oauth_app_id) = 16);
ALTER TABLE credentials ADD COLUMN account_id TEXT;
ALTER TABLE credentials ADD COLUMN account_name TEXT;
-- Serves maintenance, over all organisations.
CREATE INDEX credentials_refresh ON credentials (refresh_at) WHERE refresh_at IS NOT NULL;

CREATE TABLE oauth_apps (
    org_id TEXT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    app TEXT NOT NULL,
    client_id TEXT NOT NULL,
    kek_id BLOB NOT NULL CHECK (length(kek_id) = 8),
    envelope BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, app)
) STRICT;

-- credential_id has no foreign key: the credential is made after its flow, and may be deleted before that ends.
CREATE TABLE authorization_flows (
    org_id TEXT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    state_hash BLOB NOT NULL CHECK (length(state_hash) = 32),
    stage TEXT NOT NULL CHECK (stage IN ('begun', 'taken', 'granted')),
    provider TEXT NOT NULL,
    credential_type TEXT NOT NULL,
    oauth_app_id BLOB CHECK (length(oauth_app_id) = 16),
    actor TEXT NOT NULL,
    initiator_id TEXT NOT NULL,
    user_id TEXT,
    subject_hash BLOB CHECK (length(subject_hash) = 32),
    redirect_uri TEXT NOT NULL,
    redirect_to TEXT,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    inputs TEXT NOT NULL,
    completion TEXT NOT NULL,
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    -- NULL makes a new credential.
    reauthorizes INTEGER,
    connects BLOB CHECK (length(connects) = 16),
    kek_id BLOB NOT NULL CHECK (length(kek_id) = 8),
    envelope BLOB NOT NULL,
    completion_hash BLOB CHECK (length(completion_hash) = 32),
    created_at INTEGER NOT NULL,
    -- By SQLite's clock, unlike created_at.
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    CHECK ((stage = 'granted') = (completion_hash IS NOT NULL))
) STRICT;

-- Serves maintenance, over all organisations.
CREATE INDEX authorization_flows_expiry ON authorization_flows (expires_at);

CREATE TABLE oauth_state_locator (
    state_hash BLOB NOT NULL PRIMARY KEY CHECK (length(state_hash) = 32),
    org_id TEXT NOT NULL,
    flow_id BLOB NOT NULL CHECK (length(flow_id) = 16)
) STRICT, WITHOUT ROWID;

-- The refresh of one version of a credential, while it is under way or has failed. It goes with the credential, whoever
-- deletes that. All times are by SQLite's clock.
CREATE TABLE refresh_leases (
    org_id TEXT NOT NULL,
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    version INTEGER NOT NULL,
    -- Set from the beginning of an attempt until its end is told: past held_until it ended without a word.
    owner BLOB CHECK (length(owner) = 16),
    held_until INTEGER,
    interrupted INTEGER NOT NULL CHECK (interrupted IN (0, 1)),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    retry_at INTEGER,
    PRIMARY KEY (org_id, credential_id),
    FOREIGN KEY (org_id, credential_id) REFERENCES credentials (org_id, id) ON DELETE CASCADE,
    CHECK ((owner IS NULL) = (held_until IS NULL))
) STRICT, WITHOUT ROWID;
