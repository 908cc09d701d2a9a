-- +goose Up
-- Times are unix microseconds UTC, days are text 2026-11-22, months 2026-11,
-- flags 0 and 1, amounts whole tyiyn.

CREATE TABLE treated_case (
    id            TEXT PRIMARY KEY,     -- the fund's id of this revision
    number        TEXT NOT NULL,        -- of form 066/у, as it came
    revision      BIGINT NOT NULL,
    replaces      TEXT NOT NULL,        -- id of the returned case that this one corrects, '' for a first
    is_current    BIGINT NOT NULL,      -- 1: the one that counts for its number
    organisation  TEXT NOT NULL,
    department    TEXT NOT NULL,
    patient_pin   TEXT NOT NULL,        -- '' for an unknown person
    admitted_at   BIGINT NOT NULL,
    discharged_at BIGINT NOT NULL,
    month         TEXT NOT NULL,        -- of discharge in Bishkek; '' when none was given
    main_code     TEXT NOT NULL,        -- final main diagnosis, '' when there is not exactly one
    state         TEXT NOT NULL CHECK (state IN ('accepted', 'returned')),
    group_code    TEXT NOT NULL,
    price         BIGINT NOT NULL,
    content       TEXT NOT NULL,        -- insuranceapi.Case as JSON
    content_hash  TEXT NOT NULL,
    decision      TEXT NOT NULL,        -- insuranceapi.Decision as JSON, the one in force
    sent_by       TEXT NOT NULL,        -- ПИН
    sent_via      TEXT NOT NULL,        -- system
    received_at   BIGINT NOT NULL,
    demo          BIGINT NOT NULL,
    UNIQUE (number, revision)
);
-- However often a case comes, one of its number counts.
CREATE UNIQUE INDEX treated_case_current ON treated_case (number) WHERE is_current = 1;
CREATE INDEX treated_case_patient ON treated_case (patient_pin, admitted_at);
CREATE INDEX treated_case_month ON treated_case (month, organisation);
CREATE INDEX treated_case_list ON treated_case (discharged_at, id);

CREATE TABLE case_decision (            -- every decision on a case, the first by the checks
    case_id  TEXT NOT NULL REFERENCES treated_case (id),
    sequence BIGINT NOT NULL,
    decision TEXT NOT NULL,             -- insuranceapi.Decision as JSON
    by_pin   TEXT NOT NULL,             -- '' for the checks
    by_name  TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (case_id, sequence)
);

CREATE TABLE intake_lock (              -- rows that make intakes of one number or person take turns
    name TEXT PRIMARY KEY
);

-- +goose Down
DROP TABLE intake_lock;
DROP TABLE case_decision;
DROP TABLE treated_case;
