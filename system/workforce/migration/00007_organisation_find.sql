-- +goose Up
-- The text by which an organisation is found, so that the database picks what fits
-- and gives a page of it.
ALTER TABLE organisation_version ADD COLUMN folded TEXT NOT NULL DEFAULT ''; -- text.Fold of codes, names and address; '' until it is written
CREATE INDEX organisation_version_unfolded ON organisation_version (organisation, number) WHERE folded = '';

-- +goose Down
DROP INDEX organisation_version_unfolded;
ALTER TABLE organisation_version DROP COLUMN folded;
