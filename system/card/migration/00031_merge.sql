-- +goose Up
-- Doubles of one person brought together, and apart again; who was not admitted.

CREATE TABLE patient_merge (
    id           TEXT PRIMARY KEY,
    survivor_id  TEXT NOT NULL REFERENCES patient (id),
    merged_id    TEXT NOT NULL REFERENCES patient (id),
    organisation TEXT NOT NULL,
    reason       TEXT NOT NULL,
    was          TEXT NOT NULL,        -- columns of the survivor before, JSON
    became       TEXT NOT NULL,        -- and after
    merged_pin   TEXT NOT NULL,        -- ПИН that the merged one gave up, '' none
    at           BIGINT NOT NULL,
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    undone_at    BIGINT NOT NULL DEFAULT 0,
    undone_by    TEXT NOT NULL DEFAULT '', -- ПИН
    undone_name  TEXT NOT NULL DEFAULT '',
    undo_reason  TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX patient_merge_one ON patient_merge (merged_id) WHERE undone_at = 0;
CREATE INDEX patient_merge_survivor ON patient_merge (survivor_id, at);
CREATE TABLE patient_merge_row (       -- what was led over to the survivor
    merge_id TEXT NOT NULL REFERENCES patient_merge (id),
    place    TEXT NOT NULL,            -- table.column
    row_id   TEXT NOT NULL,
    PRIMARY KEY (merge_id, place, row_id)
);
CREATE TABLE patient_apart (           -- two who look alike and are not one
    first_id  TEXT NOT NULL REFERENCES patient (id), -- the smaller id
    second_id TEXT NOT NULL REFERENCES patient (id),
    at        BIGINT NOT NULL,
    by_pin    TEXT NOT NULL,
    PRIMARY KEY (first_id, second_id)
);

CREATE TABLE refusal (                 -- journal 001/у: who came and was not admitted; never changed
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    year         BIGINT NOT NULL,
    number       BIGINT NOT NULL,      -- in the journal of the year
    patient_id   TEXT NOT NULL REFERENCES patient (id),
    department   TEXT NOT NULL,        -- 2 digits, '' none
    kind         TEXT NOT NULL CHECK (kind IN ('planned', 'emergency')),
    at           BIGINT NOT NULL,
    hours_since_onset BIGINT NOT NULL,
    brought_by   TEXT NOT NULL,
    referrer     TEXT NOT NULL,
    code         TEXT NOT NULL,        -- ICD-10
    text         TEXT NOT NULL,
    reason       TEXT NOT NULL,        -- code
    reason_text  TEXT NOT NULL,
    help         TEXT NOT NULL,        -- what was done for them
    sent_to      TEXT NOT NULL,        -- where they were sent
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (organisation, year, number)
);
CREATE INDEX refusal_at ON refusal (organisation, at);
CREATE INDEX refusal_patient ON refusal (patient_id);
CREATE INDEX stay_admitted ON stay (organisation, admitted_at);
CREATE TABLE refusal_sequence (        -- last number given
    organisation TEXT NOT NULL,
    year         BIGINT NOT NULL,
    last         BIGINT NOT NULL,
    PRIMARY KEY (organisation, year)
);

-- +goose Down
DROP TABLE refusal_sequence;
DROP INDEX stay_admitted;
DROP TABLE refusal;
DROP TABLE patient_apart;
DROP TABLE patient_merge_row;
DROP TABLE patient_merge;
