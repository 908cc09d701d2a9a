-- +goose Up
ALTER TABLE session ADD COLUMN doubted_at BIGINT NOT NULL DEFAULT 0; -- when a neighbour said that the person's rights changed; 0: never
CREATE INDEX session_pin ON session (pin);

-- +goose Down
DROP INDEX session_pin;
ALTER TABLE session DROP COLUMN doubted_at;
