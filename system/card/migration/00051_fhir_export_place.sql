-- +goose Up
-- Where an export goes on after each of its files when its job was broken off.

ALTER TABLE fhir_export_file ADD COLUMN place TEXT NOT NULL DEFAULT ''; -- bulk.place as JSON

-- +goose Down
ALTER TABLE fhir_export_file DROP COLUMN place;
