-- +goose Up
-- Times are unix microseconds UTC, days are text 2026-11-22, flags 0 and 1.

CREATE TABLE organisation (            -- copy of НИСУР, brought up to date by a job
    code      TEXT PRIMARY KEY,        -- 6 digits
    data      TEXT NOT NULL,           -- workforceapi.Organisation as JSON
    synced_at BIGINT NOT NULL
);
CREATE TABLE bed (
    id           TEXT PRIMARY KEY,     -- НИСУР's id
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,        -- 2 digits
    room         TEXT NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'cleaning', 'closed')),
    position     BIGINT NOT NULL       -- order on the board
);
CREATE INDEX bed_department ON bed (organisation, department, position);

CREATE TABLE icd (                     -- ICD-10, imported
    code    TEXT PRIMARY KEY,          -- I21.0
    name    TEXT NOT NULL,             -- Russian
    parent  TEXT NOT NULL,             -- code of the heading above, '' at the top
    usable  BIGINT NOT NULL,           -- 1: may stand as a diagnosis; 0: a heading or withdrawn
    source  TEXT NOT NULL              -- file and version it came from
);

CREATE TABLE patient (
    id          TEXT PRIMARY KEY,
    pin         TEXT UNIQUE,           -- NULL: unknown person, newborn, foreigner
    family_name TEXT NOT NULL,
    given_name  TEXT NOT NULL,
    patronymic  TEXT NOT NULL,
    birth_date  TEXT NOT NULL,         -- '' unknown
    sex         TEXT NOT NULL CHECK (sex IN ('female', 'male', 'unknown')),
    region      TEXT NOT NULL,         -- СОАТЕ
    address     TEXT NOT NULL,
    rural       BIGINT NOT NULL,
    passport    TEXT NOT NULL,
    citizenship TEXT NOT NULL,
    insured     BIGINT NOT NULL,
    policy      TEXT NOT NULL,
    category    TEXT NOT NULL,         -- co-payment category
    alerts      TEXT NOT NULL,         -- allergies and the like, one a line
    description TEXT NOT NULL,         -- of an unknown person: marks, clothes, where found
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,         -- ПИН of the member of staff
    organisation TEXT NOT NULL         -- where first registered
);

CREATE TABLE stay (
    id              TEXT PRIMARY KEY,
    patient_id      TEXT NOT NULL REFERENCES patient (id),
    organisation    TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('open', 'discharged')),
    kind            TEXT NOT NULL CHECK (kind IN ('planned', 'emergency')),
    admitted_at     BIGINT NOT NULL,
    hours_since_onset BIGINT NOT NULL, -- 0: not said
    brought_by      TEXT NOT NULL,     -- self, ambulance, referral, other
    referrer        TEXT NOT NULL,     -- organisation that referred, code or words
    first_this_year BIGINT NOT NULL,   -- 1: first admission this year with this disease
    department      TEXT NOT NULL,     -- where the patient is (was at discharge)
    bed_id          TEXT REFERENCES bed (id), -- NULL: without a bed yet
    doctor_pin      TEXT NOT NULL,     -- attending doctor
    doctor_name     TEXT NOT NULL,
    discharged_at   BIGINT NOT NULL DEFAULT 0,
    outcome         TEXT NOT NULL DEFAULT '', -- discharged, transferred, died
    result          TEXT NOT NULL DEFAULT '', -- recovered, improved, unchanged, worse
    transferred_to  TEXT NOT NULL DEFAULT '',
    recommendations TEXT NOT NULL DEFAULT '',
    discharged_by   TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL,
    created_by      TEXT NOT NULL
);
-- One open stay a person, one patient a bed: the database itself refuses.
CREATE UNIQUE INDEX stay_one_open ON stay (patient_id) WHERE state = 'open';
CREATE UNIQUE INDEX stay_one_bed ON stay (bed_id) WHERE state = 'open' AND bed_id IS NOT NULL;
CREATE INDEX stay_ward ON stay (organisation, department, state);

CREATE TABLE move (                    -- time in a department and bed
    id         TEXT PRIMARY KEY,
    stay_id    TEXT NOT NULL REFERENCES stay (id),
    department TEXT NOT NULL,
    bed_id     TEXT,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL DEFAULT 0, -- 0: still there
    by_pin     TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    reason     TEXT NOT NULL
);
CREATE INDEX move_stay ON move (stay_id, from_at);

CREATE TABLE diagnosis (
    id       TEXT PRIMARY KEY,
    stay_id  TEXT NOT NULL REFERENCES stay (id),
    stage    TEXT NOT NULL CHECK (stage IN ('referral', 'admission', 'clinical', 'final', 'postmortem')),
    rank     TEXT NOT NULL CHECK (rank IN ('main', 'complication', 'comorbid')),
    code     TEXT NOT NULL,
    text     TEXT NOT NULL,
    at       BIGINT NOT NULL,
    by_pin   TEXT NOT NULL,
    by_name  TEXT NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0, -- withdrawn then; 0: stands
    ended_by TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX diagnosis_one_main ON diagnosis (stay_id, stage) WHERE rank = 'main' AND ended_at = 0;
CREATE INDEX diagnosis_stay ON diagnosis (stay_id);

CREATE TABLE entry (                   -- case history; a signed row never changes
    id        TEXT PRIMARY KEY,
    stay_id   TEXT NOT NULL REFERENCES stay (id),
    kind      TEXT NOT NULL,           -- examination, diary, consultation, epicrisis…
    root      TEXT NOT NULL,           -- id of the first version
    version   BIGINT NOT NULL,         -- 1, 2, … : corrections
    reason    TEXT NOT NULL,           -- of the correction, '' for version 1
    body      TEXT NOT NULL,
    at        BIGINT NOT NULL,         -- the moment it tells of
    by_pin    TEXT NOT NULL,
    by_name   TEXT NOT NULL,
    by_role   TEXT NOT NULL,
    signed_at BIGINT NOT NULL,         -- 0: a draft
    UNIQUE (root, version)
);
CREATE INDEX entry_stay ON entry (stay_id, at);

CREATE TABLE medical_order (
    id        TEXT PRIMARY KEY,
    stay_id   TEXT NOT NULL REFERENCES stay (id),
    kind      TEXT NOT NULL CHECK (kind IN ('drug', 'diet', 'regime', 'test', 'procedure')),
    text      TEXT NOT NULL,
    dose      TEXT NOT NULL,
    times     TEXT NOT NULL,           -- how often, in words
    from_at   BIGINT NOT NULL,
    by_pin    TEXT NOT NULL,
    by_name   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at  BIGINT NOT NULL DEFAULT 0, -- 0: in force
    ended_by  TEXT NOT NULL DEFAULT '',
    end_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX medical_order_stay ON medical_order (stay_id, from_at);
CREATE TABLE order_mark (              -- fulfilment by a nurse
    id       TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES medical_order (id),
    at       BIGINT NOT NULL,
    given    BIGINT NOT NULL,          -- 1 given, 0 not given
    reason   TEXT NOT NULL,            -- why not
    by_pin   TEXT NOT NULL,
    by_name  TEXT NOT NULL
);
CREATE INDEX order_mark_order ON order_mark (order_id, at);

CREATE TABLE operation (               -- signed when written
    id           TEXT PRIMARY KEY,
    stay_id      TEXT NOT NULL REFERENCES stay (id),
    at           BIGINT NOT NULL,
    code         TEXT NOT NULL,
    name         TEXT NOT NULL,
    anaesthesia  TEXT NOT NULL,
    complication TEXT NOT NULL,
    protocol     TEXT NOT NULL,
    surgeon_pin  TEXT NOT NULL,
    surgeon_name TEXT NOT NULL,
    root         TEXT NOT NULL,
    version      BIGINT NOT NULL,
    reason       TEXT NOT NULL,        -- of a correction
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    signed_at    BIGINT NOT NULL,
    UNIQUE (root, version)
);
CREATE INDEX operation_stay ON operation (stay_id, at);

CREATE TABLE form_sequence (           -- last sequence given, per MC-5
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    year         BIGINT NOT NULL,      -- of discharge
    last         BIGINT NOT NULL,
    PRIMARY KEY (organisation, department, year)
);
CREATE TABLE form (                    -- form 066/у
    number       TEXT PRIMARY KEY,     -- 17 digits
    stay_id      TEXT NOT NULL REFERENCES stay (id),
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    year         BIGINT NOT NULL,
    sequence     BIGINT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('valid', 'voided')),
    void_reason  TEXT NOT NULL DEFAULT '',
    voided_at    BIGINT NOT NULL DEFAULT 0,
    voided_by    TEXT NOT NULL DEFAULT '',
    issued_at    BIGINT NOT NULL,
    issued_by    TEXT NOT NULL,
    UNIQUE (organisation, department, year, sequence)
);
CREATE UNIQUE INDEX form_one_valid ON form (stay_id) WHERE state = 'valid';

CREATE TABLE treated_case (            -- what was handed to the fund, each revision
    number     TEXT NOT NULL REFERENCES form (number),
    revision   BIGINT NOT NULL,
    stay_id    TEXT NOT NULL REFERENCES stay (id),
    content    TEXT NOT NULL,          -- insuranceapi.Case as JSON
    request_id TEXT NOT NULL,          -- X-Road-Id, the same on every resend
    state      TEXT NOT NULL CHECK (state IN ('queued', 'accepted', 'returned')),
    decision   TEXT NOT NULL DEFAULT '', -- insuranceapi.Decision as JSON
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,          -- ПИН
    decided_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (number, revision)
);
CREATE INDEX treated_case_stay ON treated_case (stay_id);

-- +goose Down
DROP TABLE treated_case;
DROP TABLE form;
DROP TABLE form_sequence;
DROP TABLE operation;
DROP TABLE order_mark;
DROP TABLE medical_order;
DROP TABLE entry;
DROP TABLE diagnosis;
DROP TABLE move;
DROP TABLE stay;
DROP TABLE patient;
DROP TABLE icd;
DROP TABLE bed;
DROP TABLE organisation;
