-- +goose Up
-- Applications that the person signs (PT-5, SG-1). What is signed is kept byte
-- for byte beside the signature.

CREATE TABLE application_signature (
    application_id TEXT PRIMARY KEY REFERENCES application (id),
    document       BYTEA NOT NULL,           -- PDF: exactly what is signed
    sha256         TEXT NOT NULL,            -- of the document, hex
    state          TEXT NOT NULL CHECK (state IN ('unsigned', 'asked', 'signed', 'refused', 'expired')),
    round          BIGINT NOT NULL DEFAULT 0, -- how often ЕСИ was asked: each time under a reference of its own
    request        TEXT NOT NULL DEFAULT '', -- ЕСИ's id of the last request
    address        TEXT NOT NULL DEFAULT '', -- where the person signs
    proof          TEXT NOT NULL DEFAULT '', -- identityapi.SimpleSignature as JSON
    made_at        BIGINT NOT NULL,
    decided_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX application_waiting ON application (state, service, created_at);

-- +goose Down
DROP INDEX application_waiting;
DROP TABLE application_signature;
