-- +goose Up
-- Times are unix microseconds UTC, days are text 2026-11-22, flags 0 and 1.

CREATE TABLE account (
    id             TEXT PRIMARY KEY,         -- the stable public "sub"; tells nothing about the person
    pin            TEXT NOT NULL UNIQUE,
    family_name    TEXT NOT NULL,
    given_name     TEXT NOT NULL,
    patronymic     TEXT NOT NULL,
    sex            TEXT NOT NULL CHECK (sex IN ('female', 'male', 'unknown')),
    birth_date     TEXT NOT NULL,
    citizenship    TEXT NOT NULL,            -- ISO 3166-1 alpha-3
    email          TEXT NOT NULL,
    email_verified BIGINT NOT NULL,
    phone          TEXT NOT NULL,            -- +996XXXXXXXXX
    phone_verified BIGINT NOT NULL,
    lang           TEXT NOT NULL CHECK (lang IN ('ky', 'ru', 'en')),
    password       TEXT NOT NULL,            -- argon2id, PHC string
    totp           TEXT NOT NULL DEFAULT '', -- authenticator's secret, sealed; '' without one
    totp_step      BIGINT NOT NULL DEFAULT 0,-- last time step used: a code serves once
    created_at     BIGINT NOT NULL
);

CREATE TABLE attempt (                       -- limits, shared by all processes
    key          TEXT PRIMARY KEY,           -- hash of what is limited
    count        BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);

CREATE TABLE entry (                         -- a sign-in under way: the password was right
    token_hash   TEXT PRIMARY KEY,           -- SHA-256 of the cookie's secret
    account_id   TEXT NOT NULL REFERENCES account (id),
    flow         TEXT NOT NULL,              -- the OpenID flow to go on with, '' for ЕСИ's own pages
    channel      TEXT NOT NULL CHECK (channel IN ('totp', 'sms', 'email')),
    code_number  BIGINT NOT NULL DEFAULT 0,  -- which code was sent last; the code itself is kept nowhere
    code_until   BIGINT NOT NULL DEFAULT 0,
    attempts     BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);

CREATE TABLE known_browser (                 -- browsers in which the person has signed in before
    account_id   TEXT NOT NULL REFERENCES account (id),
    browser_hash TEXT NOT NULL,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, browser_hash)
);

CREATE TABLE sso_session (
    sid        TEXT PRIMARY KEY,             -- "sid" of ID and logout tokens
    token_hash TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES account (id),
    agent      TEXT NOT NULL,                -- browser and system, in short
    amr        TEXT NOT NULL,                -- space-separated
    created_at BIGINT NOT NULL,
    auth_at    BIGINT NOT NULL,              -- when the person last proved who they are
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sso_session_account ON sso_session (account_id);
CREATE TABLE sso_client (                    -- systems that a session has signed in to
    sid       TEXT NOT NULL REFERENCES sso_session (sid) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (sid, client_id)
);

CREATE TABLE flow (                          -- an authorization request under way
    id         TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL,
    data       TEXT NOT NULL,                -- the library's session as JSON
    answer     TEXT NOT NULL DEFAULT '',     -- what the person decided: '', 'deny', or the scopes allowed
    answered_by TEXT NOT NULL DEFAULT '',    -- account id
    expires_at BIGINT NOT NULL
);

CREATE TABLE logout (                        -- a sign-out that a system asked for, until the person agrees
    id         TEXT PRIMARY KEY,
    data       TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE permission (                        -- what was granted to a system: codes and tokens hang on it
    id           TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL,              -- '' for a machine
    client_id    TEXT NOT NULL,
    sid          TEXT NOT NULL,
    offline      BIGINT NOT NULL,            -- 1: outlives the session
    version      BIGINT NOT NULL,            -- compare-and-set: a code or refresh token is used once
    code_hash    TEXT UNIQUE,
    refresh_hash TEXT UNIQUE,
    revoked_at   BIGINT NOT NULL DEFAULT 0,
    data         TEXT NOT NULL,              -- the library's grant as JSON, its refresh token sealed
    expires_at   BIGINT NOT NULL
);
CREATE INDEX permission_sid ON permission (sid);
CREATE INDEX permission_account ON permission (account_id, client_id);
CREATE TABLE spent_refresh (                 -- refresh tokens that were rotated away
    hash       TEXT PRIMARY KEY,
    grant_id   TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE consent (
    account_id   TEXT NOT NULL REFERENCES account (id),
    client_id    TEXT NOT NULL,
    scopes       TEXT NOT NULL,              -- allowed, space-separated
    asked        TEXT NOT NULL,              -- what was asked for when that was decided
    remembered   BIGINT NOT NULL,
    given_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id)
);
CREATE TABLE agreement (                     -- which version of the agreement was accepted (ID-16)
    account_id  TEXT NOT NULL REFERENCES account (id),
    version     TEXT NOT NULL,
    lang        TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, version)
);

CREATE TABLE signing_key (
    kid        TEXT PRIMARY KEY,
    alg        TEXT NOT NULL,
    number     BIGINT NOT NULL,              -- counts up per algorithm: two processes cannot both make the next
    private    TEXT NOT NULL,                -- PKCS#8, sealed
    created_at BIGINT NOT NULL,
    use_from   BIGINT NOT NULL,              -- published before it signs
    retire_at  BIGINT NOT NULL DEFAULT 0,    -- then it is published no more; 0: not replaced yet
    UNIQUE (alg, number)
);

-- +goose Down
DROP TABLE signing_key;
DROP TABLE agreement;
DROP TABLE consent;
DROP TABLE spent_refresh;
DROP TABLE permission;
DROP TABLE logout;
DROP TABLE flow;
DROP TABLE sso_client;
DROP TABLE sso_session;
DROP TABLE known_browser;
DROP TABLE entry;
DROP TABLE attempt;
DROP TABLE account;
