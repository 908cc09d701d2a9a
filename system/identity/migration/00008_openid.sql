-- +goose Up
-- The whole OpenID provider: requests pushed ahead, devices without a keyboard,
-- proofs of possession, opaque tokens, and the register of connected systems.

ALTER TABLE flow ADD COLUMN pushed_hash TEXT;                    -- of the request_uri until it is used (RFC 9126)
ALTER TABLE flow ADD COLUMN device_hash TEXT;                    -- of the device_code (RFC 8628)
ALTER TABLE flow ADD COLUMN user_code_hash TEXT;                 -- of the code that the person types
ALTER TABLE flow ADD COLUMN polled_at BIGINT NOT NULL DEFAULT 0; -- when the device asked last
ALTER TABLE flow ADD COLUMN wait BIGINT NOT NULL DEFAULT 0;      -- seconds it must wait between two questions
CREATE UNIQUE INDEX flow_pushed ON flow (pushed_hash);
CREATE UNIQUE INDEX flow_device ON flow (device_hash);
CREATE UNIQUE INDEX flow_user_code ON flow (user_code_hash);

ALTER TABLE permission ADD COLUMN device_hash TEXT;
CREATE UNIQUE INDEX permission_device ON permission (device_hash);
ALTER TABLE spent_refresh ADD COLUMN spent_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE opaque_token (                  -- access tokens that are no JWT
    hash       TEXT PRIMARY KEY,             -- SHA-256 of the token
    data       TEXT NOT NULL,                -- the library's token as JSON, without its value
    revoked_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL
);

CREATE TABLE seen_proof (                    -- jti of proofs and client assertions: each serves once
    hash       TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE signed_out (                    -- systems to be told by frames in the browser that a session has ended
    id         TEXT PRIMARY KEY,
    sid        TEXT NOT NULL,
    clients    TEXT NOT NULL,                -- space-separated
    expires_at BIGINT NOT NULL
);
CREATE INDEX signed_out_sid ON signed_out (sid);

CREATE TABLE connected_client (              -- systems that were registered, beside the product's own
    id             TEXT PRIMARY KEY,
    owner_id       TEXT NOT NULL REFERENCES account (id),
    name_ky        TEXT NOT NULL,
    name_ru        TEXT NOT NULL,
    name_en        TEXT NOT NULL,
    address        TEXT NOT NULL,
    redirects      TEXT NOT NULL,            -- one a line
    post_logout    TEXT NOT NULL,            -- one a line
    back_channel   TEXT NOT NULL,
    front_channel  TEXT NOT NULL,
    scopes         TEXT NOT NULL,            -- space-separated
    grants         TEXT NOT NULL,            -- space-separated
    method         TEXT NOT NULL CHECK (method IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')),
    secret_hash    TEXT NOT NULL,            -- SHA-256 of 256 random bits; '' without a secret
    previous_hash  TEXT NOT NULL DEFAULT '', -- the secret before the last change
    previous_until BIGINT NOT NULL DEFAULT 0,
    jwks           TEXT NOT NULL,            -- public keys as JSON, '' for none
    profile        TEXT NOT NULL CHECK (profile IN ('plain', 'fapi')),
    pairwise       BIGINT NOT NULL,
    opaque         BIGINT NOT NULL,
    alg            TEXT NOT NULL CHECK (alg IN ('RS256', 'ES256', 'EdDSA')),
    state          TEXT NOT NULL CHECK (state IN ('test', 'waiting', 'approved', 'blocked')),
    reason         TEXT NOT NULL DEFAULT '', -- why it was blocked or sent back
    created_at     BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL
);
CREATE INDEX connected_client_owner ON connected_client (owner_id);
CREATE INDEX connected_client_state ON connected_client (state, created_at);

CREATE TABLE refused_request (               -- what a system asked in vain, for its engineers
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL,
    at          BIGINT NOT NULL,
    endpoint    TEXT NOT NULL,
    code        TEXT NOT NULL,               -- error code of the protocol
    description TEXT NOT NULL                -- without tokens, secrets and personal data
);
CREATE INDEX refused_request_client ON refused_request (client_id, at);

-- +goose Down
DROP TABLE refused_request;
DROP TABLE connected_client;
DROP TABLE signed_out;
DROP TABLE seen_proof;
DROP TABLE opaque_token;
DROP INDEX permission_device;
DROP INDEX flow_user_code;
DROP INDEX flow_device;
DROP INDEX flow_pushed;
ALTER TABLE spent_refresh DROP COLUMN spent_at;
ALTER TABLE permission DROP COLUMN device_hash;
ALTER TABLE flow DROP COLUMN wait;
ALTER TABLE flow DROP COLUMN polled_at;
ALTER TABLE flow DROP COLUMN user_code_hash;
ALTER TABLE flow DROP COLUMN device_hash;
ALTER TABLE flow DROP COLUMN pushed_hash;
