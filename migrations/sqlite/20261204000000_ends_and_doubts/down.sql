ALTER TABLE refresh_leases DROP COLUMN doubted_at;
ALTER TABLE credentials DROP COLUMN grant_expires_at;
