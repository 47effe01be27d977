DROP TABLE audit_events, audit_heads, api_key_locator, api_keys, service_accounts, credentials, credential_quota,
    organization_limits, purpose_keys, kek_usage, deployment;
DROP FUNCTION refuse_audit_change;
