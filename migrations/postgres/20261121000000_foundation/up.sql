-- Every primary key starts with org_id, so that the tables can be distributed by organisation. The exceptions:
-- deployment, kek_usage, purpose_keys (of the whole deployment) and api_key_locator (leads to the organisation).
-- org_id collates "C": byte order is the lock order of audit_heads and the paging order of maintenance.
-- config and details are text, not jsonb: their exact bytes are authenticated.

CREATE TABLE deployment (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO deployment DEFAULT VALUES;

CREATE TABLE kek_usage (
    kek_id bytea PRIMARY KEY CHECK (octet_length(kek_id) = 8),
    name text NOT NULL,
    check_value bytea NOT NULL CHECK (octet_length(check_value) = 32),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    is_primary boolean NOT NULL,
    CONSTRAINT kek_usage_name_key UNIQUE (name)
);
CREATE UNIQUE INDEX kek_usage_primary_key ON kek_usage (is_primary) WHERE is_primary;

CREATE TABLE purpose_keys (
    id uuid PRIMARY KEY,
    purpose text NOT NULL,
    kek_id bytea NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- Set on the key that the first start makes; a later key of the same purpose has it unset.
    is_first boolean NOT NULL
);
CREATE UNIQUE INDEX purpose_keys_first_key ON purpose_keys (purpose) WHERE is_first;

CREATE TABLE organization_limits (
    org_id text COLLATE "C" PRIMARY KEY,
    credentials_per_provider bigint NOT NULL CHECK (credentials_per_provider >= 0)
);

CREATE TABLE credential_quota (
    org_id text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (org_id, provider)
);

CREATE TABLE credentials (
    org_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    provider text COLLATE "C" NOT NULL,
    credential_type text NOT NULL,
    name text NOT NULL,
    slot text,
    status text NOT NULL,
    status_reason text,
    config text NOT NULL,
    kek_id bytea NOT NULL,
    envelope bytea NOT NULL,
    version bigint NOT NULL,
    revision bigint NOT NULL,
    user_id text,
    google_email text,
    expires_at timestamptz,
    access_token_expires_at timestamptz,
    last_tested_at timestamptz,
    last_test_code text,
    last_read_at timestamptz,
    refreshed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    created_by text NOT NULL,
    modified_by text NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX credentials_slot_key ON credentials (org_id, slot) WHERE slot IS NOT NULL;
CREATE INDEX credentials_provider ON credentials (org_id, provider, id);
CREATE INDEX credentials_kek ON credentials (kek_id);

CREATE TABLE service_accounts (
    org_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    scopes text[] NOT NULL,
    -- NULL reaches everything; an empty array reaches nothing.
    providers text[],
    credential_ids uuid[],
    status text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE api_keys (
    org_id text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    service_account_id uuid NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    digest_key uuid NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (org_id, key_id),
    CONSTRAINT api_keys_account_fkey FOREIGN KEY (org_id, service_account_id) REFERENCES service_accounts (org_id, id)
);
CREATE INDEX api_keys_account ON api_keys (org_id, service_account_id, created_at);

CREATE TABLE api_key_locator (
    key_id text COLLATE "C" PRIMARY KEY,
    org_id text COLLATE "C" NOT NULL
);

-- Updated once per batch of events: free space in each page keeps those updates off the index.
CREATE TABLE audit_heads (
    org_id text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL CHECK (seq >= 0),
    mac bytea NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit_events (
    org_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL,
    actor text NOT NULL,
    authentication text,
    request_id text,
    source_ip text,
    credential_id uuid,
    target text,
    provider text,
    version bigint,
    envelope_digest bytea,
    details text NOT NULL,
    mac_key uuid NOT NULL,
    mac bytea NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE INDEX audit_events_credential ON audit_events (org_id, credential_id, seq) WHERE credential_id IS NOT NULL;
CREATE INDEX audit_events_at ON audit_events (org_id, at);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
