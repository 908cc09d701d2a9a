-- +goose Up
-- A sign-in that is under way while all sessions of the account end must not
-- end with a session: it says which epoch it began in, and is refused in a later.

ALTER TABLE account ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;       -- counts how often all sessions, or all others, were ended
ALTER TABLE entry ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;         -- the account's when the password was right
ALTER TABLE phone_request ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0; -- the account's when the phone approved

-- +goose Down
ALTER TABLE phone_request DROP COLUMN epoch;
ALTER TABLE entry DROP COLUMN epoch;
ALTER TABLE account DROP COLUMN epoch;
