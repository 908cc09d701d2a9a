-- +goose Up
-- Signing in and registering by ID card and by cloud signature (ID-3, ID-11).

CREATE TABLE card_challenge (                -- what a card is asked to sign; gone when it was answered
    id           TEXT PRIMARY KEY,           -- random, part of the body
    browser_hash TEXT NOT NULL,              -- the browser that asked
    purpose      TEXT NOT NULL,
    bound        TEXT NOT NULL,              -- the sign-in or recovery it was asked in
    body         TEXT NOT NULL,              -- what is signed
    expires_at   BIGINT NOT NULL
);
CREATE INDEX card_challenge_expires ON card_challenge (expires_at);

CREATE TABLE newcomer (                      -- proved who they are and have no account yet
    token_hash   TEXT PRIMARY KEY,           -- SHA-256 of the cookie's secret
    browser_hash TEXT NOT NULL,
    pin          TEXT NOT NULL,
    family_name  TEXT NOT NULL,              -- as the certificate has it
    given_name   TEXT NOT NULL,
    method       TEXT NOT NULL CHECK (method IN ('card', 'signature')),
    expires_at   BIGINT NOT NULL
);
CREATE INDEX newcomer_expires ON newcomer (expires_at);

-- +goose Down
DROP TABLE newcomer;
DROP TABLE card_challenge;
