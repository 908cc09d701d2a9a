-- +goose Up
-- A case finds the one that took its place.
CREATE INDEX treated_case_replaces ON treated_case (replaces) WHERE replaces <> '';

-- +goose Down
DROP INDEX treated_case_replaces;
