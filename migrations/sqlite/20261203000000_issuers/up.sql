-- Who issued the token of the principal that a row names: `iss`, which is null for API keys, jobs, commands and rows of
-- builds before. For an audit event and a flow it is the issuer of `actor`, for a connection that of `connected_by`, and
-- for all others that of `created_by`.
ALTER TABLE audit_events ADD COLUMN issuer TEXT;
ALTER TABLE authorization_flows ADD COLUMN issuer TEXT;
ALTER TABLE credentials ADD COLUMN issuer TEXT;
ALTER TABLE integrations ADD COLUMN issuer TEXT;
ALTER TABLE oauth_apps ADD COLUMN issuer TEXT;
ALTER TABLE service_accounts ADD COLUMN issuer TEXT;
ALTER TABLE api_keys ADD COLUMN issuer TEXT;
