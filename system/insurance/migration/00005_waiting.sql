-- +goose Up
-- The post of who did a step, in the other languages; '' where only by_role is known.
ALTER TABLE case_step ADD COLUMN by_role_ky TEXT NOT NULL DEFAULT '';
ALTER TABLE case_step ADD COLUMN by_role_en TEXT NOT NULL DEFAULT '';
-- What waits for somebody is counted on every visit.
CREATE INDEX treated_case_waiting ON treated_case (stage, organisation) WHERE is_current = 1;

-- +goose Down
DROP INDEX treated_case_waiting;
ALTER TABLE case_step DROP COLUMN by_role_en;
ALTER TABLE case_step DROP COLUMN by_role_ky;
