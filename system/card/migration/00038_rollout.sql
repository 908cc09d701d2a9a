-- +goose Up
-- Roll-out of the card and monitoring of its use (MC-7, MC-8).

CREATE TABLE rollout_line (             -- a line of the schedule, each version; a row never changes
    line        TEXT NOT NULL,          -- its code, the same in every version
    version     BIGINT NOT NULL,
    part        TEXT NOT NULL CHECK (part IN ('stage', 'duty')),
    stage       BIGINT NOT NULL,        -- 1, 2, 3; 0 for a duty of heads
    beside      TEXT NOT NULL,          -- code of the line that this is another reading of, '' for what is followed
    regions     TEXT NOT NULL,          -- first five digits of СОАТЕ codes, separated by spaces; '' for the whole country
    level       TEXT NOT NULL,          -- of organisations: national; '' for any
    whom        TEXT NOT NULL,          -- text.Words as JSON: who takes part, or what is to be done
    responsible TEXT NOT NULL,          -- text.Words as JSON
    format      TEXT NOT NULL,          -- online, mixed, conference, '' for none
    from_day    TEXT NOT NULL,          -- '' when the document names only the last day
    until_day   TEXT NOT NULL,          -- '' when the document names only the first day
    source      TEXT NOT NULL,          -- document, place and language
    reason      TEXT NOT NULL,          -- of the change, '' for version 1
    changed_at  BIGINT NOT NULL,
    changed_by  TEXT NOT NULL,          -- ПИН, '' for what came with the product
    changed_name TEXT NOT NULL,
    PRIMARY KEY (line, version)
);

CREATE TABLE training (
    id           TEXT PRIMARY KEY,
    topic        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    format       TEXT NOT NULL CHECK (format IN ('online', 'onsite')),
    place        TEXT NOT NULL,         -- address, or link of the call
    organisation TEXT NOT NULL,         -- who holds it, 6 digits
    trainer      TEXT NOT NULL,
    line         TEXT NOT NULL,         -- of the schedule, '' for none
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    created_name TEXT NOT NULL
);
CREATE INDEX training_at ON training (at);
CREATE TABLE training_person (          -- who was invited and who came
    training_id  TEXT NOT NULL REFERENCES training (id),
    pin          TEXT NOT NULL,
    name         TEXT NOT NULL,
    post         TEXT NOT NULL,
    organisation TEXT NOT NULL,
    attended     BIGINT NOT NULL,       -- 0 not (yet), 1 came
    marked_at    BIGINT NOT NULL,
    marked_by    TEXT NOT NULL,
    PRIMARY KEY (training_id, pin)
);
CREATE INDEX training_person_organisation ON training_person (organisation, attended, pin);

CREATE TABLE rollout_staff (            -- copy of НИСУР's counts
    organisation TEXT PRIMARY KEY,
    staff        BIGINT NOT NULL,       -- people who work with the card
    responsible  BIGINT NOT NULL,       -- responsible for roll-out and monitoring by the internal order
    synced_at    BIGINT NOT NULL
);
CREATE TABLE rollout_month (            -- copy of the fund's counts: how cases of a month reached it
    organisation TEXT NOT NULL,
    month        TEXT NOT NULL,         -- 2026-11, of discharge
    by_card      BIGINT NOT NULL,
    by_hand      BIGINT NOT NULL,
    synced_at    BIGINT NOT NULL,
    PRIMARY KEY (organisation, month)
);
CREATE TABLE rollout_reminder (         -- one a matter, person and period
    organisation TEXT NOT NULL,
    matter       TEXT NOT NULL,
    pin          TEXT NOT NULL,
    name         TEXT NOT NULL,
    period       TEXT NOT NULL,         -- first day of the period
    behind       BIGINT NOT NULL,       -- how much was behind then
    asked_at     BIGINT NOT NULL,
    asked_by     TEXT NOT NULL,         -- ПИН, '' for the weekly job
    PRIMARY KEY (organisation, matter, pin, period)
);

CREATE TABLE monitor_rule (             -- deadlines, dated
    code       TEXT NOT NULL,
    from_day   TEXT NOT NULL,
    value      BIGINT NOT NULL,
    source     TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,           -- ПИН, '' for what came with the product
    changed_name TEXT NOT NULL,
    PRIMARY KEY (code, from_day)
);
CREATE TABLE monitor_figure (           -- what was counted last, by department
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    lying        BIGINT NOT NULL,       -- open stays
    admitted     BIGINT NOT NULL,       -- in the window
    discharged   BIGINT NOT NULL,       -- in the window
    written      BIGINT NOT NULL,       -- entries signed in the window
    late_admission BIGINT NOT NULL,
    late_entry   BIGINT NOT NULL,
    no_diary     BIGINT NOT NULL,
    draft        BIGINT NOT NULL,
    form_late    BIGINT NOT NULL,
    returned     BIGINT NOT NULL,
    measured_at  BIGINT NOT NULL,
    PRIMARY KEY (organisation, department)
);
CREATE INDEX monitor_discharged ON stay (organisation, discharged_at);
CREATE INDEX monitor_returned ON treated_case (decided_at) WHERE state = 'returned';

-- +goose Down
DROP INDEX monitor_returned;
DROP INDEX monitor_discharged;
DROP TABLE monitor_figure;
DROP TABLE monitor_rule;
DROP TABLE rollout_reminder;
DROP TABLE rollout_month;
DROP TABLE rollout_staff;
DROP TABLE training_person;
DROP TABLE training;
DROP TABLE rollout_line;
