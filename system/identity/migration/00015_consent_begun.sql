-- +goose Up
-- Since when a consent stands: answering the same question again leaves it,
-- withdrawing ends it. A code that was given by it is good no longer than it.
ALTER TABLE consent ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;
UPDATE consent SET begun_at = given_at;

-- +goose Down
ALTER TABLE consent DROP COLUMN begun_at;
