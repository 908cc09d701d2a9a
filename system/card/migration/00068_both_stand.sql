-- +goose Up
-- Of some things that both sides wrote while the line was cut both are true.

ALTER TABLE change_conflict ADD COLUMN both_stand BIGINT NOT NULL DEFAULT 0; -- 1: it was decided that both are true

-- +goose Down
ALTER TABLE change_conflict DROP COLUMN both_stand;
