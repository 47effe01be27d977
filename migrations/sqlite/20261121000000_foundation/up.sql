-- Times are microseconds since 1970-01-01T00:00:00Z, ids are their 16 bytes. Primary keys start with
-- org_id; the exceptions are deployment, kek_usage, purpose_keys and api_key_locator.

CREATE TABLE deployment (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

INSERT INTO deployment (singleton, id) VALUES (1, randomblob(16));

CREATE TABLE kek_usage (
    kek_id BLOB NOT NULL PRIMARY KEY CHECK (length(kek_id) = 8),
    name TEXT NOT NULL UNIQUE,
    check_value BLOB NOT NULL CHECK (length(check_value) = 32),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX kek_usage_primary ON kek_usage (is_primary) WHERE is_primary = 1;

CREATE TABLE purpose_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    purpose TEXT NOT NULL,
    -- 1 for the first key of a purpose; of two first starts at once only one gets it.
    generation INTEGER NOT NULL CHECK (generation >= 1),
    kek_id BLOB NOT NULL CHECK (length(kek_id) = 8),
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (purpose, generation)
) STRICT;

CREATE TABLE organization_limits (
    org_id TEXT NOT NULL PRIMARY KEY,
    credentials_per_provider INTEGER NOT NULL CHECK (credentials_per_provider >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential_quota (
    org_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    used INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (org_id, provider)
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
    org_id TEXT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    provider TEXT NOT NULL,
    credential_type TEXT NOT NULL,
    name TEXT NOT NULL,
    slot TEXT,
    status TEXT NOT NULL,
    status_reason TEXT,
    config TEXT NOT NULL,
    kek_id BLOB NOT NULL CHECK (length(kek_id) = 8),
    envelope BLOB NOT NULL,
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    user_id TEXT,
    google_email TEXT,
    expires_at INTEGER,
    access_token_expires_at INTEGER,
    last_tested_at INTEGER,
    last_test_code TEXT,
    last_read_at INTEGER,
    refreshed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT;

CREATE UNIQUE INDEX credentials_slot ON credentials (org_id, slot) WHERE slot IS NOT NULL;
CREATE INDEX credentials_provider ON credentials (org_id, provider, id);
CREATE INDEX credentials_kek ON credentials (kek_id);

CREATE TABLE service_accounts (
    org_id TEXT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    description TEXT,
    -- JSON arrays of texts; NULL reach columns mean no limit.
    scopes TEXT NOT NULL,
    providers TEXT,
    credential_ids TEXT,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT;

CREATE TABLE api_keys (
    org_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    service_account_id BLOB NOT NULL,
    name TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    digest_key BLOB NOT NULL CHECK (length(digest_key) = 16),
    expires_at INTEGER,
    last_used_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (org_id, key_id),
    FOREIGN KEY (org_id, service_account_id) REFERENCES service_accounts (org_id, id)
) STRICT;

CREATE INDEX api_keys_account ON api_keys (org_id, service_account_id, created_at);

CREATE TABLE api_key_locator (
    key_id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
    org_id TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
    org_id TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor TEXT NOT NULL,
    authentication TEXT,
    request_id TEXT,
    source_ip TEXT,
    credential_id BLOB CHECK (length(credential_id) = 16),
    target TEXT,
    provider TEXT,
    version INTEGER,
    envelope_digest BLOB CHECK (length(envelope_digest) = 32),
    details TEXT NOT NULL,
    mac_key BLOB NOT NULL CHECK (length(mac_key) = 16),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (org_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_events_credential ON audit_events (org_id, credential_id, seq) WHERE credential_id IS NOT NULL;
CREATE INDEX audit_events_at ON audit_events (org_id, at);

CREATE TRIGGER audit_events_are_not_updated BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit events are never changed');
END;

CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit events are never deleted');
END;
