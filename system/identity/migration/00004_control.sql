-- +goose Up
-- Staying in control: what people report, how they recover, and the
-- organisations they act for.

CREATE TABLE security_incident (             -- "this was not me", for the operators
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    event_id   TEXT NOT NULL UNIQUE,         -- of security_event: one incident each
    kind       TEXT NOT NULL,                -- what was disowned
    state      TEXT NOT NULL CHECK (state IN ('open', 'handling', 'closed')),
    opened_at  BIGINT NOT NULL,
    handled_by TEXT NOT NULL,                -- ПИН of the operator, '' while open
    note       TEXT NOT NULL,                -- what the operator found and did
    closed_at  BIGINT NOT NULL               -- 0 while it is not
);
CREATE INDEX security_incident_state ON security_incident (state, opened_at);
CREATE INDEX security_incident_account ON security_incident (account_id);

CREATE TABLE recovery (                      -- under way; of a ПИН with an account or without one
    token_hash TEXT PRIMARY KEY,             -- SHA-256 of the cookie's secret
    pin        TEXT NOT NULL,
    proved     TEXT NOT NULL,                -- ways that were proved, space-separated
    tries      BIGINT NOT NULL,
    waits      BIGINT NOT NULL,              -- answers to codes that were never sent
    expires_at BIGINT NOT NULL
);
CREATE INDEX recovery_expires ON recovery (expires_at);

CREATE TABLE organisation_member (           -- for whom a person acts
    id           TEXT PRIMARY KEY,
    pin          TEXT NOT NULL,              -- who; an invitation does not need an account
    code         TEXT NOT NULL,              -- of НИСУР
    inn          TEXT NOT NULL,
    name         TEXT NOT NULL,              -- JSON: ky, ru, en
    role         TEXT NOT NULL CHECK (role IN ('head', 'representative')),
    state        TEXT NOT NULL CHECK (state IN ('invited', 'active', 'ended')),
    granted_by   TEXT NOT NULL,              -- ПИН of the head, '' for the head
    granted_name TEXT NOT NULL,
    since        BIGINT NOT NULL,
    checked_at   BIGINT NOT NULL,            -- when НИСУР last named the head
    ended_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX organisation_member_one ON organisation_member (pin, code) WHERE state <> 'ended';
CREATE INDEX organisation_member_code ON organisation_member (code, state);

-- +goose Down
DROP TABLE organisation_member;
DROP TABLE recovery;
DROP TABLE security_incident;
