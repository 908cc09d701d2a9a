-- +goose Up
-- A refused sign-in whose ПИН has no account is kept too, without the ПИН: the
-- operator's statistics count it, and it costs what one of a known ПИН costs.

CREATE TABLE stray (
    id        TEXT PRIMARY KEY,
    at        BIGINT NOT NULL,
    method    TEXT NOT NULL,
    agent     TEXT NOT NULL,
    address   TEXT NOT NULL,
    client_id TEXT NOT NULL
);
CREATE INDEX stray_at ON stray (at);

-- +goose Down
DROP TABLE stray;
