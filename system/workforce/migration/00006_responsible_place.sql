-- +goose Up
-- Who answers in an organisation, and whether they still work there, is found by
-- the organisation; the ministry's list asks it of all of them at once.
CREATE INDEX responsible_place ON responsible (organisation, pin);

-- +goose Down
DROP INDEX responsible_place;
