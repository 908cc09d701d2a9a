-- +goose Up
-- The second factors, the keys of people's devices, and the set-up of a new
-- account.

CREATE TABLE backup_code (                   -- one-time codes for the day when no other factor is at hand
    account_id TEXT NOT NULL REFERENCES account (id),
    hash       TEXT NOT NULL,                -- keyed; the code itself was shown once and is kept nowhere
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, hash)
);

CREATE TABLE authenticator_offer (           -- an authenticator app that is being bound
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    secret     TEXT NOT NULL,                -- sealed
    expires_at BIGINT NOT NULL
);

CREATE TABLE telegram_link (                 -- a messenger that is being bound
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    token_hash TEXT NOT NULL UNIQUE,         -- of what stands behind ?start=
    chat       TEXT NOT NULL DEFAULT '',     -- who came with it; '' until then
    expires_at BIGINT NOT NULL
);

CREATE TABLE passkey (
    id         TEXT PRIMARY KEY,             -- the credential's, base64url
    account_id TEXT NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,                -- the person's own word for it
    data       TEXT NOT NULL,                -- public key and flags, as the library keeps them
    sign_count BIGINT NOT NULL,
    suspect_at BIGINT NOT NULL DEFAULT 0,    -- its counter went back then: there may be a copy; it opens nothing more
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX passkey_account ON passkey (account_id);

CREATE TABLE passkey_spent (                 -- questions to keys that were answered: none is answered twice
    hash       TEXT PRIMARY KEY,             -- of the challenge
    expires_at BIGINT NOT NULL
);

CREATE TABLE setup (                         -- the set-up after the first sign-in (ID-4)
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    step       BIGINT NOT NULL,              -- the one to be done next: 1 password, 2 factor, 3 backup codes, 4 nothing more
    changed_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE setup;
DROP TABLE passkey_spent;
DROP TABLE passkey;
DROP TABLE telegram_link;
DROP TABLE authenticator_offer;
DROP TABLE backup_code;
