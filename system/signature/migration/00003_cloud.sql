-- +goose Up
-- The cloud signature: people's signature keys, used with one-time PINs.

CREATE TABLE cloud_person (
    pin         TEXT PRIMARY KEY,
    family_name TEXT NOT NULL,
    given_name  TEXT NOT NULL,
    email       TEXT NOT NULL,
    lang        TEXT NOT NULL,
    handle      TEXT NOT NULL, -- of the private key, '' before there is one
    serial      TEXT NOT NULL, -- of the certificate
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE TABLE cloud_code (
    id       TEXT PRIMARY KEY, -- of the job that mails it: made again, it is the same
    pin      TEXT NOT NULL,
    hash     TEXT NOT NULL,    -- HMAC-SHA-256 of ПИН and code under the system's secret
    made_at  BIGINT NOT NULL,
    used_at  BIGINT NOT NULL,  -- 0: not yet
    ended_at BIGINT NOT NULL   -- 0: no newer one was made
);
CREATE INDEX cloud_code_pin ON cloud_code (pin, made_at);
-- At most one code of a person is good at a time.
CREATE UNIQUE INDEX cloud_code_good ON cloud_code (pin) WHERE used_at = 0 AND ended_at = 0;
CREATE TABLE cloud_attempt (
    key          TEXT PRIMARY KEY,
    count        BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);
CREATE TABLE cloud_token (
    hash       TEXT PRIMARY KEY, -- SHA-256 of the token
    pin        TEXT NOT NULL,
    holder     TEXT NOT NULL,    -- who asked: X-Road subsystem, or inn:… of an organisation
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    signed     BIGINT NOT NULL   -- how many signatures were made with it
);
CREATE INDEX cloud_token_expires ON cloud_token (expires_at);
CREATE TABLE cloud_signature (
    id         TEXT PRIMARY KEY,
    pin        TEXT NOT NULL,
    serial     TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    holder     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX cloud_signature_pin ON cloud_signature (pin, at);

-- +goose Down
DROP TABLE cloud_signature;
DROP TABLE cloud_token;
DROP TABLE cloud_attempt;
DROP TABLE cloud_code;
DROP TABLE cloud_person;
