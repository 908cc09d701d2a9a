-- +goose Up
-- What ended a department, a bed or a post, so that a planned closing can be
-- cancelled: 0 by itself, -1 a bed with its department, n the organisation's
-- version n. until_before is the last day that stood before, '' without end.
ALTER TABLE department ADD COLUMN ended_with BIGINT NOT NULL DEFAULT 0;
ALTER TABLE department ADD COLUMN until_before TEXT NOT NULL DEFAULT '';
ALTER TABLE bed ADD COLUMN ended_with BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bed ADD COLUMN until_before TEXT NOT NULL DEFAULT '';
ALTER TABLE post ADD COLUMN ended_with BIGINT NOT NULL DEFAULT 0;
ALTER TABLE post ADD COLUMN until_before TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE post DROP COLUMN until_before;
ALTER TABLE post DROP COLUMN ended_with;
ALTER TABLE bed DROP COLUMN until_before;
ALTER TABLE bed DROP COLUMN ended_with;
ALTER TABLE department DROP COLUMN until_before;
ALTER TABLE department DROP COLUMN ended_with;
