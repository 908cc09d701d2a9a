-- +goose Up
-- Times are unix microseconds UTC, flags 0 and 1.

CREATE TABLE sequence (                -- numbers of applications and documents, anew each year
    kind TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (kind, year)
);
CREATE TABLE application (
    id         TEXT PRIMARY KEY,
    number     TEXT NOT NULL UNIQUE,   -- A2026-0000001
    service    TEXT NOT NULL,          -- id in the catalogue
    pin        TEXT NOT NULL,
    applicant  TEXT NOT NULL,          -- name as ЕСИ gave it
    token      TEXT NOT NULL,          -- of the form: a form sent twice is one application
    input      TEXT NOT NULL,          -- what was asked for, JSON
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'refused')),
    result     TEXT NOT NULL DEFAULT '', -- the provider's answer, JSON
    created_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0,
    UNIQUE (pin, token)
);
CREATE INDEX application_pin ON application (pin, created_at);
CREATE TABLE application_event (       -- its history, only ever added to
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id),
    at             BIGINT NOT NULL,
    kind           TEXT NOT NULL,      -- filed, awaited, answered, refused, document
    detail         TEXT NOT NULL       -- a number or a code, never medical
);
CREATE INDEX application_event_of ON application_event (application_id, at);

CREATE TABLE document (
    id             TEXT PRIMARY KEY,
    number         TEXT NOT NULL UNIQUE,   -- 2026-0000001
    code           TEXT NOT NULL,          -- check code, printed on the document
    application_id TEXT NOT NULL REFERENCES application (id),
    lang           TEXT NOT NULL,
    pin            TEXT NOT NULL,          -- whose it is
    holder         TEXT NOT NULL,          -- name
    title          TEXT NOT NULL,          -- text.Words as JSON
    issuer         TEXT NOT NULL,          -- whose data they are, text.Words as JSON
    state          TEXT NOT NULL CHECK (state IN ('making', 'ready')),
    content        TEXT NOT NULL DEFAULT '', -- canonical JSON
    pdf            BYTEA NOT NULL,
    sha256         TEXT NOT NULL DEFAULT '', -- of the pdf, hex
    seal           TEXT NOT NULL DEFAULT '', -- signatureapi.Seal as JSON
    issued_at      BIGINT NOT NULL,
    ready_at       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (application_id, lang)
);
CREATE INDEX document_pin ON document (pin, issued_at);
CREATE INDEX document_sha256 ON document (sha256);

CREATE TABLE share (                   -- the key of a link is derived from its id and the portal's secret
    id          TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES document (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    revoked_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX share_document ON share (document_id);
CREATE TABLE share_opening (
    id       TEXT PRIMARY KEY,
    share_id TEXT NOT NULL REFERENCES share (id),
    at       BIGINT NOT NULL
);
CREATE INDEX share_opening_share ON share_opening (share_id);

CREATE TABLE verify_miss (             -- guesses that missed, to slow down those who guess
    id     TEXT PRIMARY KEY,
    at     BIGINT NOT NULL,
    client TEXT NOT NULL               -- keyed hash of the address: not the address
);
CREATE INDEX verify_miss_client ON verify_miss (client, at);

-- +goose Down
DROP TABLE verify_miss;
DROP TABLE share_opening;
DROP TABLE share;
DROP TABLE document;
DROP TABLE application_event;
DROP TABLE application;
DROP TABLE sequence;
