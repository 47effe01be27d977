ALTER TABLE api_keys DROP COLUMN issuer;
ALTER TABLE service_accounts DROP COLUMN issuer;
ALTER TABLE oauth_apps DROP COLUMN issuer;
ALTER TABLE integrations DROP COLUMN issuer;
ALTER TABLE credentials DROP COLUMN issuer;
ALTER TABLE authorization_flows DROP COLUMN issuer;
ALTER TABLE audit_events DROP COLUMN issuer;
