-- +goose Up
-- The side of the body that a consent is for and that an operation was done on:
-- left, right, both, none (neither paired nor to one side), '' not said.
ALTER TABLE consent ADD COLUMN side TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN side TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE operation DROP COLUMN side;
ALTER TABLE consent DROP COLUMN side;
