-- Who issued the token of the principal that a row names: `iss`, which is null for API keys, jobs, commands and rows of
-- builds before. For an audit event and a flow it is the issuer of `actor`, for a connection that of `connected_by`, and
-- for all others that of `created_by`.
ALTER TABLE audit_events ADD COLUMN issuer text;
ALTER TABLE authorization_flows ADD COLUMN issuer text;
ALTER TABLE credentials ADD COLUMN issuer text;
ALTER TABLE integrations ADD COLUMN issuer text;
ALTER TABLE oauth_apps ADD COLUMN issuer text;
ALTER TABLE service_accounts ADD COLUMN issuer text;
ALTER TABLE api_keys ADD COLUMN issuer text;
-- Whether that a flow has no issuer is known. It is not for flows that builds before have begun, or still begin while
-- instances are replaced: of those only the name is compared.
ALTER TABLE authorization_flows ADD COLUMN issuer_known boolean NOT NULL DEFAULT false;
