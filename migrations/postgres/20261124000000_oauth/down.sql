DROP TABLE refresh_leases, oauth_state_locator, authorization_flows, oauth_apps;
ALTER TABLE credentials DROP COLUMN refresh_at, DROP COLUMN oauth_app_id, DROP COLUMN account_id, DROP COLUMN account_name;
