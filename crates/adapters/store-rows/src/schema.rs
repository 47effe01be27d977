//! The tables, as diesel needs them. The databases are created from `migrations/`.
#![expect(missing_docs, reason = "a column says by its name what it holds; the migrations say the rest")]

diesel::table! {
    use diesel::sql_types::Bool;
    use crate::sql_types::Id;

    /// The deployment's id, in one row.
    deployment (singleton) {
        singleton -> Bool,
        id -> Id,
    }
}

diesel::table! {
    /// Every root key that the store has seen.
    kek_usage (kek_id) {
        kek_id -> Binary,
        name -> Text,
        check_value -> Binary,
        reserved -> BigInt,
        is_primary -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Text};
    use crate::sql_types::{Id, Moment};

    /// Purpose keys, wrapped. The first one of a purpose has `is_first` in PostgreSQL and generation 1 in
    /// SQLite.
    purpose_keys (id) {
        id -> Id,
        purpose -> Text,
        kek_id -> Binary,
        wrapped -> Binary,
        created_at -> Moment,
        is_first -> Bool,
        generation -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::sql_types::Moment;

    /// Keys of organisations, wrapped under root keys.
    organization_keys (org_id, generation) {
        org_id -> Text,
        generation -> BigInt,
        id -> Binary,
        root_id -> Binary,
        wrapped -> Binary,
        created_at -> Moment,
    }
}

diesel::table! {
    /// Limits that are set for single organisations.
    organization_limits (org_id) {
        org_id -> Text,
        credentials_per_provider -> BigInt,
    }
}

diesel::table! {
    /// How many credentials of a provider an organisation holds.
    credential_quota (org_id, provider) {
        org_id -> Text,
        provider -> Text,
        used -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// Credentials with their sealed payloads.
    credentials (org_id, id) {
        org_id -> Text,
        id -> Id,
        provider -> Text,
        credential_type -> Text,
        name -> Text,
        slot -> Nullable<Text>,
        status -> Text,
        status_reason -> Nullable<Text>,
        config -> Text,
        kek_id -> Binary,
        envelope -> Binary,
        version -> BigInt,
        revision -> BigInt,
        user_id -> Nullable<Text>,
        google_email -> Nullable<Text>,
        expires_at -> Nullable<Moment>,
        access_token_expires_at -> Nullable<Moment>,
        grant_expires_at -> Nullable<Moment>,
        last_tested_at -> Nullable<Moment>,
        last_test_code -> Nullable<Text>,
        last_read_at -> Nullable<Moment>,
        refreshed_at -> Nullable<Moment>,
        refresh_at -> Nullable<Moment>,
        oauth_app_id -> Nullable<Id>,
        account_id -> Nullable<Text>,
        account_name -> Nullable<Text>,
        created_at -> Moment,
        updated_at -> Moment,
        created_by -> Text,
        issuer -> Nullable<Text>,
        modified_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// Connections, present and past.
    integrations (org_id, provider) {
        org_id -> Text,
        provider -> Text,
        id -> Id,
        credential_id -> Nullable<Id>,
        connected_by -> Text,
        issuer -> Nullable<Text>,
        connected_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// OAuth apps of organisations.
    oauth_apps (org_id, id) {
        org_id -> Text,
        id -> Id,
        app -> Text,
        client_id -> Text,
        kek_id -> Binary,
        envelope -> Binary,
        created_at -> Moment,
        updated_at -> Moment,
        created_by -> Text,
        issuer -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// Authorization flows that are in progress.
    authorization_flows (org_id, id) {
        org_id -> Text,
        id -> Id,
        state_hash -> Binary,
        stage -> Text,
        provider -> Text,
        credential_type -> Text,
        oauth_app_id -> Nullable<Id>,
        actor -> Text,
        issuer -> Nullable<Text>,
        initiator_id -> Text,
        user_id -> Nullable<Text>,
        subject_hash -> Nullable<Binary>,
        redirect_uri -> Text,
        redirect_to -> Nullable<Text>,
        name -> Text,
        scope -> Text,
        inputs -> Text,
        completion -> Text,
        credential_id -> Id,
        reauthorizes -> Nullable<BigInt>,
        connects -> Nullable<Id>,
        kek_id -> Binary,
        envelope -> Binary,
        completion_hash -> Nullable<Binary>,
        created_at -> Moment,
        expires_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::sql_types::Id;

    /// Finds the flow that belongs to the hash of a state.
    oauth_state_locator (state_hash) {
        state_hash -> Binary,
        org_id -> Text,
        flow_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// Attempts to refresh one version of a credential.
    refresh_leases (org_id, credential_id) {
        org_id -> Text,
        credential_id -> Id,
        version -> BigInt,
        owner -> Nullable<Id>,
        held_until -> Nullable<Moment>,
        interrupted -> Bool,
        failures -> BigInt,
        retry_at -> Nullable<Moment>,
        doubted_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, SmallInt, Text};
    use crate::sql_types::{Id, Ids, Moment, Texts};

    /// Service accounts.
    service_accounts (org_id, id) {
        org_id -> Text,
        id -> Id,
        name -> Text,
        description -> Nullable<Text>,
        scopes -> Texts,
        refresh_tokens -> SmallInt,
        providers -> Nullable<Texts>,
        credential_ids -> Nullable<Ids>,
        status -> Text,
        created_at -> Moment,
        updated_at -> Moment,
        created_by -> Text,
        issuer -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// API keys.
    api_keys (org_id, key_id) {
        org_id -> Text,
        key_id -> Text,
        service_account_id -> Id,
        name -> Text,
        digest -> Binary,
        digest_key -> Id,
        expires_at -> Nullable<Moment>,
        last_used_at -> Nullable<Moment>,
        created_at -> Moment,
        created_by -> Text,
        issuer -> Nullable<Text>,
    }
}

diesel::table! {
    /// Finds the organisation that belongs to the id of a key.
    api_key_locator (key_id) {
        key_id -> Text,
        org_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::sql_types::Moment;

    /// The last record of each audit chain.
    audit_heads (org_id) {
        org_id -> Text,
        seq -> BigInt,
        mac -> Binary,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    /// Audit records.
    audit_events (org_id, seq) {
        org_id -> Text,
        seq -> BigInt,
        at -> Moment,
        action -> Text,
        outcome -> Text,
        actor -> Text,
        issuer -> Nullable<Text>,
        authentication -> Nullable<Text>,
        request_id -> Nullable<Text>,
        source_ip -> Nullable<Text>,
        credential_id -> Nullable<Id>,
        target -> Nullable<Text>,
        provider -> Nullable<Text>,
        version -> Nullable<BigInt>,
        envelope_digest -> Nullable<Binary>,
        details -> Text,
        mac_key -> Id,
        mac -> Binary,
    }
}

diesel::table! {
    /// The migrations that were applied. The diesel command line uses the same table.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(api_key_locator, api_keys, service_accounts);
diesel::allow_tables_to_appear_in_same_query!(audit_events, audit_heads);
diesel::allow_tables_to_appear_in_same_query!(credentials, integrations, refresh_leases);
diesel::allow_tables_to_appear_in_same_query!(
    authorization_flows,
    credentials,
    kek_usage,
    oauth_apps,
    organization_keys,
);
