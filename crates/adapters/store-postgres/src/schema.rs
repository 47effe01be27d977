//! The tables as diesel sees them; `migrations/postgres` is what the server sees.

diesel::table! {
    deployment (singleton) {
        singleton -> Bool,
        id -> Uuid,
    }
}

diesel::table! {
    kek_usage (kek_id) {
        kek_id -> Binary,
        name -> Text,
        check_value -> Binary,
        reserved -> BigInt,
        is_primary -> Bool,
    }
}

diesel::table! {
    purpose_keys (id) {
        id -> Uuid,
        purpose -> Text,
        kek_id -> Binary,
        wrapped -> Binary,
        created_at -> Timestamptz,
        is_first -> Bool,
    }
}

diesel::table! {
    organization_limits (org_id) {
        org_id -> Text,
        credentials_per_provider -> BigInt,
    }
}

diesel::table! {
    credential_quota (org_id, provider) {
        org_id -> Text,
        provider -> Text,
        used -> BigInt,
    }
}

diesel::table! {
    credentials (org_id, id) {
        org_id -> Text,
        id -> Uuid,
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
        expires_at -> Nullable<Timestamptz>,
        access_token_expires_at -> Nullable<Timestamptz>,
        last_tested_at -> Nullable<Timestamptz>,
        last_test_code -> Nullable<Text>,
        last_read_at -> Nullable<Timestamptz>,
        refreshed_at -> Nullable<Timestamptz>,
        refresh_at -> Nullable<Timestamptz>,
        oauth_app_id -> Nullable<Uuid>,
        account_id -> Nullable<Text>,
        account_name -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        created_by -> Text,
        modified_by -> Text,
    }
}

diesel::table! {
    integrations (org_id, provider) {
        org_id -> Text,
        provider -> Text,
        id -> Uuid,
        credential_id -> Nullable<Uuid>,
        connected_by -> Text,
        connected_at -> Timestamptz,
    }
}

diesel::table! {
    oauth_apps (org_id, id) {
        org_id -> Text,
        id -> Uuid,
        app -> Text,
        client_id -> Text,
        kek_id -> Binary,
        envelope -> Binary,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        created_by -> Text,
    }
}

diesel::table! {
    authorization_flows (org_id, id) {
        org_id -> Text,
        id -> Uuid,
        state_hash -> Binary,
        stage -> Text,
        provider -> Text,
        credential_type -> Text,
        oauth_app_id -> Nullable<Uuid>,
        actor -> Text,
        initiator_id -> Text,
        user_id -> Nullable<Text>,
        subject_hash -> Nullable<Binary>,
        redirect_uri -> Text,
        redirect_to -> Nullable<Text>,
        name -> Text,
        scope -> Text,
        inputs -> Text,
        completion -> Text,
        credential_id -> Uuid,
        reauthorizes -> Nullable<BigInt>,
        connects -> Nullable<Uuid>,
        kek_id -> Binary,
        envelope -> Binary,
        completion_hash -> Nullable<Binary>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    oauth_state_locator (state_hash) {
        state_hash -> Binary,
        org_id -> Text,
        flow_id -> Uuid,
    }
}

diesel::table! {
    refresh_leases (org_id, credential_id) {
        org_id -> Text,
        credential_id -> Uuid,
        version -> BigInt,
        owner -> Nullable<Uuid>,
        held_until -> Nullable<Timestamptz>,
        interrupted -> Bool,
        failures -> BigInt,
        retry_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    service_accounts (org_id, id) {
        org_id -> Text,
        id -> Uuid,
        name -> Text,
        description -> Nullable<Text>,
        scopes -> Array<Text>,
        providers -> Nullable<Array<Text>>,
        credential_ids -> Nullable<Array<Uuid>>,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        created_by -> Text,
    }
}

diesel::table! {
    api_keys (org_id, key_id) {
        org_id -> Text,
        key_id -> Text,
        service_account_id -> Uuid,
        name -> Text,
        digest -> Binary,
        digest_key -> Uuid,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        created_by -> Text,
    }
}

diesel::table! {
    api_key_locator (key_id) {
        key_id -> Text,
        org_id -> Text,
    }
}

diesel::table! {
    audit_heads (org_id) {
        org_id -> Text,
        seq -> BigInt,
        mac -> Binary,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    audit_events (org_id, seq) {
        org_id -> Text,
        seq -> BigInt,
        at -> Timestamptz,
        action -> Text,
        outcome -> Text,
        actor -> Text,
        authentication -> Nullable<Text>,
        request_id -> Nullable<Text>,
        source_ip -> Nullable<Text>,
        credential_id -> Nullable<Uuid>,
        target -> Nullable<Text>,
        provider -> Nullable<Text>,
        version -> Nullable<BigInt>,
        envelope_digest -> Nullable<Binary>,
        details -> Text,
        mac_key -> Uuid,
        mac -> Binary,
    }
}

diesel::table! {
    // The table that the diesel command line keeps, so that it can be used on our databases.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(api_key_locator, api_keys, service_accounts);
diesel::allow_tables_to_appear_in_same_query!(audit_events, audit_heads);
diesel::allow_tables_to_appear_in_same_query!(credentials, integrations, refresh_leases);

mod functions {
    use diesel::sql_types::Text;

    diesel::define_sql_function! {
        /// The server's clock at this moment, not at the start of the transaction.
        fn clock_timestamp() -> Timestamptz;
    }

    diesel::define_sql_function! {
        /// The server's clock at the start of the statement; unlike the other one it lets an index be used.
        fn statement_timestamp() -> Timestamptz;
    }

    diesel::define_sql_function! {
        /// The value of a setting of the server.
        fn current_setting(name: Text) -> Text;
    }
}
pub(crate) use functions::{clock_timestamp, current_setting, statement_timestamp};
