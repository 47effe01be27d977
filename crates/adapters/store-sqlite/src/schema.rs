//! The tables of `migrations/sqlite`.

diesel::table! {
    deployment (singleton) {
        singleton -> BigInt,
        id -> Binary,
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
        id -> Binary,
        purpose -> Text,
        generation -> BigInt,
        kek_id -> Binary,
        wrapped -> Binary,
        created_at -> BigInt,
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
        id -> Binary,
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
        expires_at -> Nullable<BigInt>,
        access_token_expires_at -> Nullable<BigInt>,
        last_tested_at -> Nullable<BigInt>,
        last_test_code -> Nullable<Text>,
        last_read_at -> Nullable<BigInt>,
        refreshed_at -> Nullable<BigInt>,
        refresh_at -> Nullable<BigInt>,
        oauth_app_id -> Nullable<Binary>,
        account_id -> Nullable<Text>,
        account_name -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        created_by -> Text,
        modified_by -> Text,
    }
}

diesel::table! {
    integrations (org_id, provider) {
        org_id -> Text,
        provider -> Text,
        id -> Binary,
        credential_id -> Nullable<Binary>,
        connected_by -> Text,
        connected_at -> BigInt,
    }
}

diesel::table! {
    oauth_apps (org_id, id) {
        org_id -> Text,
        id -> Binary,
        app -> Text,
        client_id -> Text,
        kek_id -> Binary,
        envelope -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
        created_by -> Text,
    }
}

diesel::table! {
    authorization_flows (org_id, id) {
        org_id -> Text,
        id -> Binary,
        state_hash -> Binary,
        stage -> Text,
        provider -> Text,
        credential_type -> Text,
        oauth_app_id -> Nullable<Binary>,
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
        credential_id -> Binary,
        reauthorizes -> Nullable<BigInt>,
        connects -> Nullable<Binary>,
        kek_id -> Binary,
        envelope -> Binary,
        completion_hash -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    oauth_state_locator (state_hash) {
        state_hash -> Binary,
        org_id -> Text,
        flow_id -> Binary,
    }
}

diesel::table! {
    refresh_leases (org_id, credential_id) {
        org_id -> Text,
        credential_id -> Binary,
        version -> BigInt,
        owner -> Nullable<Binary>,
        held_until -> Nullable<BigInt>,
        interrupted -> Bool,
        failures -> BigInt,
        retry_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    service_accounts (org_id, id) {
        org_id -> Text,
        id -> Binary,
        name -> Text,
        description -> Nullable<Text>,
        scopes -> Text,
        providers -> Nullable<Text>,
        credential_ids -> Nullable<Text>,
        status -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        created_by -> Text,
    }
}

diesel::table! {
    api_keys (org_id, key_id) {
        org_id -> Text,
        key_id -> Text,
        service_account_id -> Binary,
        name -> Text,
        digest -> Binary,
        digest_key -> Binary,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        created_at -> BigInt,
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
        updated_at -> BigInt,
    }
}

diesel::table! {
    audit_events (org_id, seq) {
        org_id -> Text,
        seq -> BigInt,
        at -> BigInt,
        action -> Text,
        outcome -> Text,
        actor -> Text,
        authentication -> Nullable<Text>,
        request_id -> Nullable<Text>,
        source_ip -> Nullable<Text>,
        credential_id -> Nullable<Binary>,
        target -> Nullable<Text>,
        provider -> Nullable<Text>,
        version -> Nullable<BigInt>,
        envelope_digest -> Nullable<Binary>,
        details -> Text,
        mac_key -> Binary,
        mac -> Binary,
    }
}

diesel::table! {
    destination_limits (destination_hash) {
        destination_hash -> Binary,
        taken_at -> Text,
    }
}

// Diesel's list of the migrations that were applied.
diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

// SQLite's list of what there is.
diesel::table! {
    sqlite_master (name) {
        name -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(api_key_locator, api_keys, service_accounts);
diesel::allow_tables_to_appear_in_same_query!(audit_events, audit_heads);
diesel::allow_tables_to_appear_in_same_query!(credentials, integrations, refresh_leases);
