-- +goose Up
-- Bulk Data export (HL7 Bulk Data Access IG): what was asked for, and its files.

CREATE TABLE fhir_export (
    id         TEXT PRIMARY KEY,
    client     TEXT NOT NULL,             -- id of the system at ЕСИ
    request    TEXT NOT NULL,             -- bulk.Request as JSON
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
    progress   TEXT NOT NULL DEFAULT '',  -- type that is being written
    at         BIGINT NOT NULL,           -- when it was asked for
    moment     BIGINT NOT NULL DEFAULT 0, -- of which the files tell
    expires_at BIGINT NOT NULL            -- it and its files are gone then
);
CREATE INDEX fhir_export_client ON fhir_export (client, state);
CREATE TABLE fhir_export_file (
    export_id TEXT NOT NULL REFERENCES fhir_export (id),
    number    BIGINT NOT NULL,
    kind      TEXT NOT NULL,
    count     BIGINT NOT NULL,            -- of resources
    body      BYTEA NOT NULL,             -- NDJSON
    PRIMARY KEY (export_id, number)
);

-- +goose Down
DROP TABLE fhir_export_file;
DROP TABLE fhir_export;
