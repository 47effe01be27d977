DROP INDEX service_accounts_announce;
ALTER TABLE service_accounts DROP COLUMN refresh_tokens;
