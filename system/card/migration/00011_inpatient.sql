-- +goose Up
-- The working day of a ward: history, orders, sheets, requests, consents, beds.

ALTER TABLE entry ADD COLUMN copied_from TEXT NOT NULL DEFAULT '';  -- id of the version whose lines were carried forward
ALTER TABLE entry ADD COLUMN copied_lines TEXT NOT NULL DEFAULT ''; -- numbers of those lines among the lines that are not empty, from 0: "0 1 3"
CREATE INDEX entry_kind ON entry (stay_id, kind, at);
CREATE TABLE entry_draft (             -- what somebody is writing in a stay; gone when it is signed
    stay_id  TEXT NOT NULL REFERENCES stay (id),
    by_pin   TEXT NOT NULL,
    content  TEXT NOT NULL,            -- fields of the page as JSON
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (stay_id, by_pin)
);
CREATE TABLE entry_template (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,        -- 2 digits; '' for a doctor's own
    owner_pin    TEXT NOT NULL,        -- '' for the department's
    kind         TEXT NOT NULL,        -- of the entry
    name         TEXT NOT NULL,
    body         TEXT NOT NULL,
    changed_at   BIGINT NOT NULL,
    changed_by   TEXT NOT NULL         -- ПИН
);
CREATE INDEX entry_template_place ON entry_template (organisation, department, owner_pin);

ALTER TABLE medical_order ADD COLUMN hours TEXT NOT NULL DEFAULT '';     -- of each day, "08:00 20:00"; '' when the order has none
ALTER TABLE medical_order ADD COLUMN last_day TEXT NOT NULL DEFAULT '';  -- 2026-11-22; '' until it is ended
ALTER TABLE order_mark ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;      -- the hour that was due; 0: given at no fixed hour
CREATE UNIQUE INDEX order_mark_due ON order_mark (order_id, due_at) WHERE due_at <> 0; -- a dose is given once

CREATE TABLE observation (             -- a line of the temperature sheet; signed when written
    id          TEXT PRIMARY KEY,
    stay_id     TEXT NOT NULL REFERENCES stay (id),
    root        TEXT NOT NULL,         -- id of the first version
    version     BIGINT NOT NULL,
    reason      TEXT NOT NULL,         -- of a correction
    struck      BIGINT NOT NULL,       -- 1: this version says that the line was a mistake
    at          BIGINT NOT NULL,
    temperature BIGINT NOT NULL,       -- tenths of a degree Celsius; 0 in this and the others: not measured
    pulse       BIGINT NOT NULL,       -- a minute
    systolic    BIGINT NOT NULL,       -- mmHg
    diastolic   BIGINT NOT NULL,
    respiration BIGINT NOT NULL,       -- a minute
    saturation  BIGINT NOT NULL,       -- SpO2, per cent
    by_pin      TEXT NOT NULL,
    by_name     TEXT NOT NULL,
    signed_at   BIGINT NOT NULL,
    UNIQUE (root, version)
);
CREATE INDEX observation_stay ON observation (stay_id, at);

CREATE TABLE request (                 -- a test, a picture or a consultation that a doctor asked for
    id            TEXT PRIMARY KEY,
    stay_id       TEXT NOT NULL REFERENCES stay (id),
    kind          TEXT NOT NULL CHECK (kind IN ('laboratory', 'imaging', 'consultation')),
    code          TEXT NOT NULL,       -- of the catalogue, '' when typed
    name          TEXT NOT NULL,
    question      TEXT NOT NULL,
    urgent        BIGINT NOT NULL,
    asked_at      BIGINT NOT NULL,
    by_pin        TEXT NOT NULL,
    by_name       TEXT NOT NULL,
    cancelled_at  BIGINT NOT NULL DEFAULT 0,
    cancelled_by  TEXT NOT NULL DEFAULT '',
    cancel_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_stay ON request (stay_id, asked_at);
CREATE TABLE answer (                  -- of a request; signed when written
    id         TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES request (id),
    version    BIGINT NOT NULL,
    reason     TEXT NOT NULL,          -- of a correction
    at         BIGINT NOT NULL,        -- when the sample was taken, the picture made, the patient seen
    findings   TEXT NOT NULL,          -- measured values with unit and range as JSON
    conclusion TEXT NOT NULL,
    by_pin     TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    by_role    TEXT NOT NULL,
    signed_at  BIGINT NOT NULL,
    UNIQUE (request_id, version)
);

ALTER TABLE operation ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN assistants TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN anaesthetist TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN anaesthesia_record TEXT NOT NULL DEFAULT ''; -- course of the anaesthesia

CREATE TABLE consent (
    id           TEXT PRIMARY KEY,
    stay_id      TEXT NOT NULL REFERENCES stay (id),
    kind         TEXT NOT NULL,        -- treatment, operation, anaesthesia, transfusion, refusal…
    subject      TEXT NOT NULL,        -- what was explained and agreed to
    way          TEXT NOT NULL CHECK (way IN ('paper', 'code')),
    state        TEXT NOT NULL CHECK (state IN ('asked', 'signed', 'withdrawn')),
    signer       TEXT NOT NULL,        -- who signs
    relation     TEXT NOT NULL,        -- self, parent, guardian, council
    signed_at    BIGINT NOT NULL,      -- 0: not yet
    code_hash    TEXT NOT NULL,        -- of the code sent to the patient, '' for paper
    code_until   BIGINT NOT NULL,
    tries        BIGINT NOT NULL,
    by_pin       TEXT NOT NULL,        -- who explained
    by_name      TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL DEFAULT 0,
    withdrawn_by TEXT NOT NULL DEFAULT '',
    withdraw_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX consent_stay ON consent (stay_id, created_at);

CREATE TABLE bed_reservation (         -- one a bed
    bed_id   TEXT PRIMARY KEY REFERENCES bed (id),
    whom     TEXT NOT NULL,            -- in words: who is expected
    until_at BIGINT NOT NULL,          -- lapses then
    at       BIGINT NOT NULL,
    by_pin   TEXT NOT NULL,
    by_name  TEXT NOT NULL
);
CREATE TABLE transfer (                -- asked of another department
    id              TEXT PRIMARY KEY,
    stay_id         TEXT NOT NULL REFERENCES stay (id),
    organisation    TEXT NOT NULL,
    from_department TEXT NOT NULL,
    to_department   TEXT NOT NULL,
    reason          TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('asked', 'taken', 'refused', 'withdrawn')),
    asked_at        BIGINT NOT NULL,
    by_pin          TEXT NOT NULL,
    by_name         TEXT NOT NULL,
    decided_at      BIGINT NOT NULL DEFAULT 0,
    decided_by      TEXT NOT NULL DEFAULT '',
    decided_name    TEXT NOT NULL DEFAULT '',
    decision        TEXT NOT NULL DEFAULT '' -- why refused or withdrawn
);
CREATE UNIQUE INDEX transfer_one_asked ON transfer (stay_id) WHERE state = 'asked';
CREATE INDEX transfer_place ON transfer (organisation, to_department, state);
CREATE TABLE handover_note (           -- what the next shift must know of a patient
    id      TEXT PRIMARY KEY,
    stay_id TEXT NOT NULL REFERENCES stay (id),
    body    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    by_pin  TEXT NOT NULL,
    by_name TEXT NOT NULL
);
CREATE INDEX handover_note_stay ON handover_note (stay_id, at);

-- +goose Down
DROP TABLE handover_note;
DROP TABLE transfer;
DROP TABLE bed_reservation;
DROP TABLE consent;
ALTER TABLE operation DROP COLUMN anaesthesia_record;
ALTER TABLE operation DROP COLUMN anaesthetist;
ALTER TABLE operation DROP COLUMN assistants;
ALTER TABLE operation DROP COLUMN ended_at;
DROP TABLE answer;
DROP TABLE request;
DROP TABLE observation;
DROP INDEX order_mark_due;
ALTER TABLE order_mark DROP COLUMN due_at;
ALTER TABLE medical_order DROP COLUMN last_day;
ALTER TABLE medical_order DROP COLUMN hours;
DROP TABLE entry_template;
DROP TABLE entry_draft;
DROP INDEX entry_kind;
ALTER TABLE entry DROP COLUMN copied_lines;
ALTER TABLE entry DROP COLUMN copied_from;
