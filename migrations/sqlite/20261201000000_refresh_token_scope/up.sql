-- Whether an account may read refresh tokens: 0 no, 1 yes, 2 yes, and the event of that is still to be written. It is a
-- column of its own, so that processes of the build before, which do not know the scope, go on working.
ALTER TABLE service_accounts
    ADD COLUMN refresh_tokens INTEGER NOT NULL DEFAULT 0 CHECK (refresh_tokens BETWEEN 0 AND 2);
-- What could be read so far can be read on.
UPDATE service_accounts SET refresh_tokens = 2
    WHERE EXISTS (SELECT 1 FROM json_each(scopes) WHERE value = 'secrets:read');
-- Serves the start, over all organisations.
CREATE INDEX service_accounts_announce ON service_accounts (id) WHERE refresh_tokens = 2;
