-- +goose Up
-- The operators' console: what they looked at and why, incidents and how they
-- were handled, and what the checks of the audit trail found.

CREATE TABLE console_look (                  -- an operator has a person's account open
    id           TEXT PRIMARY KEY,
    operator_pin TEXT NOT NULL,
    account_id   TEXT NOT NULL REFERENCES account (id),
    reason       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX console_look_operator ON console_look (operator_pin, at);

CREATE TABLE incident (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    reference  TEXT NOT NULL,                -- what it is about: one incident for one thing
    account_id TEXT NOT NULL,                -- '' when it is about no single account
    detail     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'working', 'closed')),
    version    BIGINT NOT NULL,              -- compare-and-set
    UNIQUE (kind, reference)
);
CREATE INDEX incident_state ON incident (state, at);

CREATE TABLE incident_step (                 -- who did what about it, never changed
    id          TEXT PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incident (id),
    at          BIGINT NOT NULL,
    by_pin      TEXT NOT NULL,
    by_name     TEXT NOT NULL,
    state       TEXT NOT NULL,
    note        TEXT NOT NULL
);
CREATE INDEX incident_step_of ON incident_step (incident_id, at);

CREATE TABLE audit_check (                   -- of ЕСИ's own audit trail
    id      TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    took    BIGINT NOT NULL,                 -- microseconds
    report  TEXT NOT NULL                    -- kit/audit.Report as JSON
);
CREATE INDEX audit_check_at ON audit_check (at);

CREATE INDEX security_event_disowned ON security_event (disowned_at);

-- +goose Down
DROP INDEX security_event_disowned;
DROP TABLE audit_check;
DROP TABLE incident_step;
DROP TABLE incident;
DROP TABLE console_look;
