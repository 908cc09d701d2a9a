-- +goose Up
-- What every way of signing in stands on: levels, states, one-time codes, the
-- record of sign-ins and what people were told about.

ALTER TABLE account ADD COLUMN level TEXT NOT NULL DEFAULT 'substantial' CHECK (level IN ('low', 'substantial', 'high')); -- earned by the proofing
ALTER TABLE account ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'blocked', 'closed'));
ALTER TABLE account ADD COLUMN frozen_until BIGINT NOT NULL DEFAULT 0; -- no factor or contact changes before
ALTER TABLE account ADD COLUMN telegram TEXT NOT NULL DEFAULT '';      -- chat id of the bound messenger, '' without one
ALTER TABLE account ADD COLUMN channel TEXT NOT NULL DEFAULT '';       -- second factor asked for first, '' for the strongest

ALTER TABLE sso_session ADD COLUMN level TEXT NOT NULL DEFAULT 'substantial';
ALTER TABLE sso_session ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sso_session ADD COLUMN address TEXT NOT NULL DEFAULT '';   -- network address of the sign-in
ALTER TABLE sso_session ADD COLUMN remembered BIGINT NOT NULL DEFAULT 0;

DROP TABLE entry;
CREATE TABLE entry (                         -- a sign-in under way: the password was right
    token_hash TEXT PRIMARY KEY,             -- SHA-256 of the cookie's secret
    account_id TEXT NOT NULL REFERENCES account (id),
    flow       TEXT NOT NULL,                -- the OpenID flow to go on with, '' for ЕСИ's own pages
    next       TEXT NOT NULL,                -- page of ЕСИ to go on to, '' for its first
    channel    TEXT NOT NULL,                -- second factor that is waited for
    remember   BIGINT NOT NULL,
    version    BIGINT NOT NULL,              -- compare-and-set
    attempts   BIGINT NOT NULL DEFAULT 0,    -- at a factor that is not sent
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE one_time_code (                 -- the code that is waited for; the code itself is kept nowhere
    purpose    TEXT NOT NULL,
    owner      TEXT NOT NULL,                -- what it is bound to
    channel    TEXT NOT NULL CHECK (channel IN ('sms', 'email', 'telegram')),
    address    TEXT NOT NULL,                -- phone, e-mail or chat
    lang       TEXT NOT NULL,
    number     BIGINT NOT NULL,              -- which code was sent last
    attempts   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, owner)
);

CREATE TABLE visit (                         -- sign-ins and refusals of known accounts
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    at         BIGINT NOT NULL,
    method     TEXT NOT NULL,
    level      TEXT NOT NULL,                -- '' when refused
    agent      TEXT NOT NULL,
    address    TEXT NOT NULL,
    client_id  TEXT NOT NULL,                -- '' for ЕСИ's own pages
    outcome    TEXT NOT NULL CHECK (outcome IN ('entered', 'refused'))
);
CREATE INDEX visit_account ON visit (account_id, at);
CREATE INDEX visit_at ON visit (at);

CREATE TABLE security_event (                -- what the person was told about
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind       TEXT NOT NULL,
    detail     TEXT NOT NULL,                -- words for the person: which phone, which device
    at         BIGINT NOT NULL,
    agent      TEXT NOT NULL,
    address    TEXT NOT NULL,
    email      TEXT NOT NULL,                -- where it is told: the contacts as they were before
    phone      TEXT NOT NULL,
    telegram   TEXT NOT NULL,
    disowned_at BIGINT NOT NULL DEFAULT 0     -- "this was not me"
);
CREATE INDEX security_event_account ON security_event (account_id, at);

-- +goose Down
DROP TABLE security_event;
DROP TABLE visit;
DROP TABLE one_time_code;
DROP TABLE entry;
CREATE TABLE entry (
    token_hash   TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL REFERENCES account (id),
    flow         TEXT NOT NULL,
    channel      TEXT NOT NULL CHECK (channel IN ('totp', 'sms', 'email')),
    code_number  BIGINT NOT NULL DEFAULT 0,
    code_until   BIGINT NOT NULL DEFAULT 0,
    attempts     BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
ALTER TABLE sso_session DROP COLUMN remembered;
ALTER TABLE sso_session DROP COLUMN address;
ALTER TABLE sso_session DROP COLUMN method;
ALTER TABLE sso_session DROP COLUMN level;
ALTER TABLE account DROP COLUMN channel;
ALTER TABLE account DROP COLUMN telegram;
ALTER TABLE account DROP COLUMN frozen_until;
ALTER TABLE account DROP COLUMN state;
ALTER TABLE account DROP COLUMN level;
