-- +goose Up
CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,      -- SHA-256 of the cookie's secret
    pin        TEXT NOT NULL,
    sid        TEXT NOT NULL,         -- the session at ЕСИ, for back-channel logout
    data       TEXT NOT NULL,         -- JSON
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_sid ON session (sid);
CREATE TABLE sign_in (                -- a sign-in under way, taken out once
    state_hash   TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,       -- of the cookie of the browser that began it
    nonce        TEXT NOT NULL,
    verifier     TEXT NOT NULL,
    next         TEXT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE TABLE logout_token (           -- jti of back-channel logout tokens seen
    jti        TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE logout_token;
DROP TABLE sign_in;
DROP TABLE session;
