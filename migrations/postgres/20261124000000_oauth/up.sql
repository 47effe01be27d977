-- oauth_state_locator leads to the organisation, as api_key_locator does: its primary key does not start with org_id.
-- States and codes are stored as SHA-256 only. inputs is text, not jsonb: its exact bytes are authenticated.

ALTER TABLE credentials
    ADD COLUMN refresh_at timestamptz,
    ADD COLUMN oauth_app_id uuid,
    ADD COLUMN account_id text,
    ADD COLUMN account_name text;
-- Serves maintenance, over all organisations.
CREATE INDEX credentials_refresh ON credentials (refresh_at) WHERE refresh_at IS NOT NULL;

CREATE TABLE oauth_apps (
    org_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    app text COLLATE "C" NOT NULL,
    client_id text NOT NULL,
    kek_id bytea NOT NULL,
    envelope bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (org_id, id),
    CONSTRAINT oauth_apps_app_key UNIQUE (org_id, app)
);

-- credential_id has no foreign key: the credential is made after its flow, and may be deleted before that ends.
CREATE TABLE authorization_flows (
    org_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    state_hash bytea NOT NULL CHECK (octet_length(state_hash) = 32),
    stage text NOT NULL CHECK (stage IN ('begun', 'taken', 'granted')),
    provider text COLLATE "C" NOT NULL,
    credential_type text NOT NULL,
    oauth_app_id uuid,
    actor text NOT NULL,
    initiator_id text NOT NULL,
    user_id text,
    subject_hash bytea CHECK (octet_length(subject_hash) = 32),
    redirect_uri text NOT NULL,
    redirect_to text,
    name text NOT NULL,
    scope text NOT NULL,
    inputs text NOT NULL,
    completion text NOT NULL,
    credential_id uuid NOT NULL,
    -- NULL makes a new credential.
    reauthorizes bigint,
    connects uuid,
    kek_id bytea NOT NULL,
    envelope bytea NOT NULL,
    completion_hash bytea CHECK (octet_length(completion_hash) = 32),
    created_at timestamptz NOT NULL,
    -- By the clock of the server, unlike created_at.
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    CONSTRAINT authorization_flows_granted CHECK ((stage = 'granted') = (completion_hash IS NOT NULL))
);
-- Serves maintenance, over all organisations.
CREATE INDEX authorization_flows_expiry ON authorization_flows (expires_at);

CREATE TABLE oauth_state_locator (
    state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    org_id text COLLATE "C" NOT NULL,
    flow_id uuid NOT NULL
);

-- The refresh of one version of a credential, while it is under way or has failed. It goes with the credential, whoever
-- deletes that. All times are by the clock of the server.
CREATE TABLE refresh_leases (
    org_id text COLLATE "C" NOT NULL,
    credential_id uuid NOT NULL,
    version bigint NOT NULL,
    -- Set from the beginning of an attempt until its end is told: past held_until it ended without a word.
    owner uuid,
    held_until timestamptz,
    interrupted boolean NOT NULL,
    failures bigint NOT NULL CHECK (failures >= 0),
    retry_at timestamptz,
    PRIMARY KEY (org_id, credential_id),
    CONSTRAINT refresh_leases_credential_fkey FOREIGN KEY (org_id, credential_id)
        REFERENCES credentials (org_id, id) ON DELETE CASCADE,
    CONSTRAINT refresh_leases_held CHECK ((owner IS NULL) = (held_until IS NULL))
);
