DROP TABLE refresh_leases;
DROP TABLE oauth_state_locator;
DROP TABLE authorization_flows;
DROP TABLE oauth_apps;
DROP INDEX credentials_refresh;
ALTER TABLE credentials DROP COLUMN refresh_at;
ALTER TABLE credentials DROP COLUMN oauth_app_id;
ALTER TABLE credentials DROP COLUMN account_id;
ALTER TABLE credentials DROP COLUMN account_name;
