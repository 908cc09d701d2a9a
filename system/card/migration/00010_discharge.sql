-- +goose Up
CREATE TABLE discharge_draft (         -- what a doctor has entered so far; gone with the discharge
    stay_id  TEXT PRIMARY KEY REFERENCES stay (id),
    content  TEXT NOT NULL,            -- the fields of the page as JSON
    saved_at BIGINT NOT NULL,
    saved_by TEXT NOT NULL             -- ПИН
);
CREATE TABLE department_head (         -- copy of НИСУР: an outage there stops no discharge
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    pin          TEXT NOT NULL,
    name         TEXT NOT NULL,
    synced_at    BIGINT NOT NULL,
    PRIMARY KEY (organisation, department)
);
CREATE TABLE form_sheet (              -- form 066/у as it is printed, each revision; never changed
    number   TEXT NOT NULL REFERENCES form (number),
    revision BIGINT NOT NULL,
    content  TEXT NOT NULL,            -- form.Sheet as JSON
    PRIMARY KEY (number, revision)
);

-- +goose Down
DROP TABLE form_sheet;
DROP TABLE department_head;
DROP TABLE discharge_draft;
