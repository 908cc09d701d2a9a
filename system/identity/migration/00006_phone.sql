-- +goose Up
-- Devices of a person, each with its PIN, and sign-ins that wait for a phone.

CREATE TABLE device (
    id          TEXT PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES account (id),
    name        TEXT NOT NULL,             -- the person's own word for it
    agent       TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,      -- SHA-256 of the cookie's secret
    pin         TEXT NOT NULL,             -- HMAC of the four digits under the system's secret
    tries       BIGINT NOT NULL DEFAULT 0, -- wrong PINs in a row
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL
);
CREATE INDEX device_account ON device (account_id);

CREATE TABLE phone_request (               -- a browser that shows a QR code and waits
    browser_hash TEXT PRIMARY KEY,         -- one at a time in a browser
    token_hash   TEXT NOT NULL UNIQUE,     -- what the QR code carries
    code_hash    TEXT NOT NULL UNIQUE,     -- the same to type in
    number       BIGINT NOT NULL,          -- shown there, typed on the phone
    flow         TEXT NOT NULL,            -- the OpenID flow to go on with, '' for ЕСИ's own pages
    client_id    TEXT NOT NULL,
    agent        TEXT NOT NULL,
    address      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'used')),
    account_id   TEXT NOT NULL,            -- who approved, '' before
    level        TEXT NOT NULL,            -- of the phone's own session
    expires_at   BIGINT NOT NULL
);

-- +goose Down
DROP TABLE phone_request;
DROP TABLE device;
