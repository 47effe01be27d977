ALTER TABLE service_accounts DROP COLUMN refresh_tokens;
