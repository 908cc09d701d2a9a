-- +goose Up
-- Electronic signatures of the attending doctor and the head of department under
-- form 066/у. What is signed is kept byte for byte, one document a revision.

CREATE TABLE form_document (
    number   TEXT NOT NULL,
    revision BIGINT NOT NULL,
    pdf      BYTEA NOT NULL,
    sha256   TEXT NOT NULL,            -- of the pdf, hex
    made_at  BIGINT NOT NULL,
    PRIMARY KEY (number, revision)
);
CREATE TABLE form_signature (
    number     TEXT NOT NULL,
    revision   BIGINT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('doctor', 'head')),
    pin        TEXT NOT NULL,          -- of who is to sign
    state      TEXT NOT NULL CHECK (state IN ('asked', 'signed', 'refused', 'expired')),
    round      BIGINT NOT NULL,        -- how often ЕСИ was asked
    request    TEXT NOT NULL,          -- ЕСИ's id of the last request
    address    TEXT NOT NULL,          -- where the person signs
    proof      TEXT NOT NULL DEFAULT '', -- identityapi.SimpleSignature as JSON
    decided_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (number, revision, role),
    FOREIGN KEY (number, revision) REFERENCES form_document (number, revision)
);

-- +goose Down
DROP TABLE form_signature;
DROP TABLE form_document;
