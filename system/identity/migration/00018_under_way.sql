-- +goose Up
-- What is under way when all sessions of the account end comes to nothing: a
-- recovery says which epoch it began in, a secret on its way to an app which
-- session it was shown in.

ALTER TABLE recovery ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;          -- the account's when it was begun; 0 without an account
ALTER TABLE authenticator_offer ADD COLUMN sid TEXT NOT NULL DEFAULT '';  -- the session that was shown it

-- +goose Down
ALTER TABLE authenticator_offer DROP COLUMN sid;
ALTER TABLE recovery DROP COLUMN epoch;
