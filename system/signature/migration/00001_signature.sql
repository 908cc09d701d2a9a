-- +goose Up
-- Times are unix microseconds UTC. Private keys are PKCS #8 sealed with AES-256-GCM, base64.

CREATE TABLE authority (
    number      BIGINT PRIMARY KEY CHECK (number = 1), -- there is one
    certificate TEXT NOT NULL,                         -- PEM
    private_key TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE TABLE signing_key (
    number      BIGINT PRIMARY KEY, -- 1, 2, …: the highest makes seals, all check them
    key_id      TEXT NOT NULL UNIQUE,
    certificate TEXT NOT NULL,
    private_key TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE TABLE seal (
    id         TEXT PRIMARY KEY,
    key_id     TEXT NOT NULL,
    holder     TEXT NOT NULL,       -- X-Road subsystem
    document   TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    value      TEXT NOT NULL,
    request_id TEXT NOT NULL,
    UNIQUE (holder, document, sha256)
);

-- +goose Down
DROP TABLE seal;
DROP TABLE signing_key;
DROP TABLE authority;
