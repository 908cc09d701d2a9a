-- +goose Up
-- A registration leads into its account only until all the account's sessions end.

ALTER TABLE registration ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0; -- the account's when the registration made or reopened it

-- +goose Down
ALTER TABLE registration DROP COLUMN epoch;
