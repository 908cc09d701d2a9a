-- +goose Up
-- What is known of an organisation becomes a series of dated versions; a
-- department and a bed get a first and a last day, so that a code can be given
-- anew in a later year and the old one still be read.
CREATE TABLE old_organisation AS SELECT * FROM organisation;
CREATE TABLE old_department AS SELECT * FROM department;
CREATE TABLE old_bed AS SELECT * FROM bed;
CREATE TABLE old_post AS SELECT * FROM post;
DROP TABLE post;
DROP TABLE bed;
DROP TABLE department;
DROP TABLE organisation;

CREATE TABLE organisation (
    code    TEXT PRIMARY KEY CHECK (length(code) = 6),
    version BIGINT NOT NULL            -- counts the changes: who saves names the one they read
);
CREATE TABLE organisation_version (
    organisation TEXT NOT NULL REFERENCES organisation (code),
    number       BIGINT NOT NULL,
    from_day     TEXT NOT NULL,        -- first day on which it was so; '' from the beginning
    event        TEXT NOT NULL CHECK (event IN ('opened', 'edited', 'renamed', 'merged', 'closed')),
    kind         TEXT NOT NULL CHECK (kind IN ('hospital', 'outpatient', 'fund', 'operator', 'ministry')),
    ownership    TEXT NOT NULL CHECK (ownership IN ('state', 'municipal', 'private')),
    inn          TEXT NOT NULL,
    okpo         TEXT NOT NULL,
    name_ky      TEXT NOT NULL,
    name_ru      TEXT NOT NULL,
    name_en      TEXT NOT NULL,
    short_ky     TEXT NOT NULL,
    short_ru     TEXT NOT NULL,
    short_en     TEXT NOT NULL,
    region       TEXT NOT NULL,        -- СОАТЕ code of the oblast, or of Bishkek or Osh
    territory    TEXT NOT NULL,        -- СОАТЕ code of the rayon or the town, '' when only the region is known
    level        TEXT NOT NULL CHECK (level IN ('national', 'regional', 'district')),
    address      TEXT NOT NULL,
    phone        TEXT NOT NULL,
    closed       BIGINT NOT NULL CHECK (closed IN (0, 1)),
    successor    TEXT NOT NULL,        -- code of the organisation it was merged into, '' for none
    order_number TEXT NOT NULL,        -- of the order by which it was changed, '' for none
    order_day    TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,        -- ПИН; '' for the register itself
    created_name TEXT NOT NULL,
    PRIMARY KEY (organisation, number)
);
CREATE TABLE department (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    code         TEXT NOT NULL CHECK (length(code) = 2),
    name_ky      TEXT NOT NULL,
    name_ru      TEXT NOT NULL,
    name_en      TEXT NOT NULL,
    profile      TEXT NOT NULL,
    from_day     TEXT NOT NULL,        -- '' from the beginning
    until_day    TEXT NOT NULL,        -- from then on it is closed; '' while open
    version      BIGINT NOT NULL
);
-- A code is one open department's. The rest of the rule, that it is not given
-- anew in the year of the closing (numbers of form 066/у hold it), is held under
-- the lock of the organisation's row.
CREATE UNIQUE INDEX department_open ON department (organisation, code) WHERE until_day = '';
CREATE INDEX department_organisation ON department (organisation, code, from_day);
CREATE TABLE bed (
    id           TEXT PRIMARY KEY,     -- ORG-DEPT-ROOM-BED, never used again
    organisation TEXT NOT NULL REFERENCES organisation (code),
    department   TEXT NOT NULL REFERENCES department (id),
    room         TEXT NOT NULL,
    name         TEXT NOT NULL,
    profile      TEXT NOT NULL,        -- '' for that of the department
    position     BIGINT NOT NULL,
    from_day     TEXT NOT NULL,
    until_day    TEXT NOT NULL
);
CREATE INDEX bed_department ON bed (organisation, department, position);
CREATE UNIQUE INDEX bed_open ON bed (department, name) WHERE until_day = '';
CREATE TABLE post (
    id           TEXT PRIMARY KEY,
    pin          TEXT NOT NULL,
    person_name  TEXT NOT NULL,        -- as the population register had it on appointment
    title        TEXT NOT NULL,        -- code of the title, of which the role follows
    organisation TEXT NOT NULL REFERENCES organisation (code),
    department   TEXT NOT NULL,        -- code; '' for the whole organisation
    replaces     TEXT NOT NULL,        -- post of the absent person whose work is done, '' for an own post
    from_day     TEXT NOT NULL,
    until_day    TEXT NOT NULL,        -- day of leaving: from then on it gives no access; '' without end
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,        -- ПИН of the manager; '' for the register itself
    ended_at     BIGINT NOT NULL,      -- when the end was entered
    ended_by     TEXT NOT NULL
);
CREATE INDEX post_pin ON post (pin);
CREATE INDEX post_organisation ON post (organisation);
CREATE INDEX post_replaces ON post (replaces);
-- Nobody holds the same open post twice.
CREATE UNIQUE INDEX post_open ON post (pin, organisation, department, title) WHERE until_day = '';

CREATE TABLE scan (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    sha256       TEXT NOT NULL,
    bytes        BIGINT NOT NULL,
    pdf          BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL
);
CREATE TABLE licence (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    number       TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('medical', 'pharmacy', 'narcotics', 'radiation')),
    from_day     TEXT NOT NULL,        -- '' when not known
    until_day    TEXT NOT NULL,        -- last day; '' without end
    withdrawn    TEXT NOT NULL,        -- day of the withdrawal, '' for none
    scan         TEXT NOT NULL,        -- '' for none
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL
);
CREATE UNIQUE INDEX licence_number ON licence (organisation, kind, number);

-- What was changed, by whom, with the values before and after. Only added to.
CREATE TABLE change (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    object       TEXT NOT NULL,        -- organisation, department/05, post, licence…
    version      BIGINT NOT NULL,      -- of the object after the change, 0 where it has none
    action       TEXT NOT NULL,
    fields       TEXT NOT NULL,        -- JSON [{"name","before","after"}]
    at           BIGINT NOT NULL,
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    by_role      TEXT NOT NULL
);
CREATE INDEX change_organisation ON change (organisation, id);
CREATE INDEX change_object ON change (organisation, object, version);

INSERT INTO organisation (code, version) SELECT code, 1 FROM old_organisation;
INSERT INTO organisation_version (organisation, number, from_day, event, kind, ownership, inn, okpo, name_ky, name_ru, name_en,
    short_ky, short_ru, short_en, region, territory, level, address, phone, closed, successor, order_number, order_day, created_at, created_by, created_name)
    SELECT code, 1, '', 'opened', kind, ownership, inn, okpo, name_ky, name_ru, name_en,
    short_ky, short_ru, short_en, region, '', level, address, '', 0, '', '', '', 0, '', '' FROM old_organisation;
INSERT INTO department (id, organisation, code, name_ky, name_ru, name_en, profile, from_day, until_day, version)
    SELECT organisation || '-' || code, organisation, code, name_ky, name_ru, name_en, profile, '', '', 1 FROM old_department;
INSERT INTO bed (id, organisation, department, room, name, profile, position, from_day, until_day)
    SELECT id, organisation, organisation || '-' || department, room, name, '', position, '', '' FROM old_bed;
INSERT INTO post (id, pin, person_name, title, organisation, department, replaces, from_day, until_day, created_at, created_by, ended_at, ended_by)
    SELECT id, pin, person_name, title, organisation, department, '', from_day, until_day, created_at, created_by, ended_at, ended_by FROM old_post;
INSERT INTO licence (id, organisation, number, kind, from_day, until_day, withdrawn, scan, created_at, created_by)
    SELECT 'licence-' || code, code, licence, 'medical', '', '', '', '', 0, '' FROM old_organisation WHERE licence <> '';
DROP TABLE old_post;
DROP TABLE old_bed;
DROP TABLE old_department;
DROP TABLE old_organisation;

-- +goose Down
DROP TABLE change;
DROP TABLE licence;
DROP TABLE scan;
