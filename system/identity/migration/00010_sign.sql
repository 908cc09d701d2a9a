-- +goose Up
-- Simple electronic signatures: an act of a signed-in person under a document of
-- a connected system.

CREATE TABLE simple_signature (
    id         TEXT PRIMARY KEY,
    client     TEXT NOT NULL,              -- subsystem that asked
    reference  TEXT NOT NULL,              -- its own name for the request: the same asks once
    account_id TEXT NOT NULL REFERENCES account (id),
    title      TEXT NOT NULL,              -- words as JSON
    sha256     TEXT NOT NULL,              -- of the document's bytes, hex
    document   TEXT NOT NULL,              -- address where the person reads it
    return_to  TEXT NOT NULL,              -- where the person goes on
    state      TEXT NOT NULL CHECK (state IN ('asked', 'signed', 'refused')),
    asked_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL DEFAULT 0,
    signature  TEXT NOT NULL DEFAULT '',   -- JSON, sealed by the signature service
    UNIQUE (client, reference)
);
CREATE INDEX simple_signature_account ON simple_signature (account_id, asked_at);

-- +goose Down
DROP TABLE simple_signature;
