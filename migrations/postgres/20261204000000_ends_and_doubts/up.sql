-- When the refresh token of a grant ends, where the provider says it.
ALTER TABLE credentials ADD COLUMN grant_expires_at timestamptz;
-- When the server first said of this version that the grant is gone; it is believed when it says so again.
ALTER TABLE refresh_leases ADD COLUMN doubted_at timestamptz;
