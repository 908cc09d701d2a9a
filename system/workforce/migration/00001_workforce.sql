-- +goose Up
-- Times are unix microseconds UTC, days are text 2026-11-22.

CREATE TABLE organisation (
    code      TEXT PRIMARY KEY CHECK (length(code) = 6),
    kind      TEXT NOT NULL CHECK (kind IN ('hospital', 'fund', 'operator')),
    ownership TEXT NOT NULL CHECK (ownership IN ('state', 'municipal', 'private')),
    inn       TEXT NOT NULL,
    okpo      TEXT NOT NULL,
    licence   TEXT NOT NULL,           -- number of the licence for medical activity, '' for none
    name_ky   TEXT NOT NULL,
    name_ru   TEXT NOT NULL,
    name_en   TEXT NOT NULL,
    short_ky  TEXT NOT NULL,
    short_ru  TEXT NOT NULL,
    short_en  TEXT NOT NULL,
    region    TEXT NOT NULL,           -- СОАТЕ code
    level     TEXT NOT NULL CHECK (level IN ('national', 'regional', 'district')),
    address   TEXT NOT NULL
);
CREATE TABLE department (
    organisation TEXT NOT NULL REFERENCES organisation (code),
    code         TEXT NOT NULL CHECK (length(code) = 2),
    name_ky      TEXT NOT NULL,
    name_ru      TEXT NOT NULL,
    name_en      TEXT NOT NULL,
    profile      TEXT NOT NULL,
    PRIMARY KEY (organisation, code)
);
CREATE TABLE bed (
    id           TEXT PRIMARY KEY,     -- ORG-DEPT-ROOM-BED, never used again
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    room         TEXT NOT NULL,
    name         TEXT NOT NULL,
    position     BIGINT NOT NULL,
    FOREIGN KEY (organisation, department) REFERENCES department (organisation, code)
);
CREATE INDEX bed_department ON bed (organisation, department, position);

CREATE TABLE post (
    id           TEXT PRIMARY KEY,
    pin          TEXT NOT NULL,
    person_name  TEXT NOT NULL,        -- as the population register had it on appointment
    title        TEXT NOT NULL,        -- code of the title, of which the role follows
    organisation TEXT NOT NULL REFERENCES organisation (code),
    department   TEXT NOT NULL,        -- '' for the whole organisation
    from_day     TEXT NOT NULL,
    until_day    TEXT NOT NULL,        -- day of leaving: from then on it gives no access; '' without end
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,        -- ПИН of the manager; '' for the register itself
    ended_at     BIGINT NOT NULL,      -- when the end was entered
    ended_by     TEXT NOT NULL
);
CREATE INDEX post_pin ON post (pin);
CREATE INDEX post_organisation ON post (organisation);
-- Nobody holds the same open post twice.
CREATE UNIQUE INDEX post_open ON post (pin, organisation, department, title) WHERE until_day = '';

-- +goose Down
DROP TABLE post;
DROP TABLE bed;
DROP TABLE department;
DROP TABLE organisation;
