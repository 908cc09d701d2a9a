-- +goose Up
-- What other systems write through FHIR: the shelf. The card's own records are
-- not here (decision 0021).
CREATE TABLE fhir_resource (           -- the newest version of each resource
    kind       TEXT NOT NULL,          -- Observation
    id         TEXT NOT NULL,
    version    BIGINT NOT NULL,        -- 1, 2, …
    deleted    BIGINT NOT NULL,        -- 1: taken away by this version
    updated_at BIGINT NOT NULL,
    author     TEXT NOT NULL,          -- client of ЕСИ, or the command that wrote it
    patient    TEXT NOT NULL,          -- id of the Patient it tells of, '' for none
    pin        TEXT NOT NULL,          -- that person's ПИН, '' if it is not known
    body       TEXT NOT NULL,          -- the resource as it is sent, '' when deleted
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX fhir_one_person ON fhir_resource (pin) WHERE kind = 'Patient' AND deleted = 0 AND pin <> '';
CREATE INDEX fhir_resource_patient ON fhir_resource (patient, kind);

CREATE TABLE fhir_past (               -- versions that have passed
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    BIGINT NOT NULL,
    deleted    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    author     TEXT NOT NULL,
    patient    TEXT NOT NULL,
    pin        TEXT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (kind, id, version)
);

CREATE TABLE fhir_mark (               -- by what the newest versions are found
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    param  TEXT NOT NULL,              -- search parameter
    system TEXT NOT NULL,              -- of a code or number
    code   TEXT NOT NULL,              -- code; folded words; Type/id of a reference
    low    BIGINT NOT NULL,            -- of a date: from, until, microseconds; else 0
    high   BIGINT NOT NULL
);
CREATE INDEX fhir_mark_resource ON fhir_mark (id, kind);
CREATE INDEX fhir_mark_code ON fhir_mark (code, param, kind);
CREATE INDEX fhir_mark_date ON fhir_mark (kind, param, low) WHERE low <> 0;

CREATE TABLE fhir_turn (               -- conditional writes of one condition take turns at its row
    condition TEXT PRIMARY KEY,        -- digest
    taken     BIGINT NOT NULL          -- how often
);

CREATE TABLE fhir_concept (            -- rows of the ConceptMaps on the shelf
    map             TEXT NOT NULL,     -- id of the ConceptMap
    source_system   TEXT NOT NULL,
    source_code     TEXT NOT NULL,
    target_system   TEXT NOT NULL,
    target_code     TEXT NOT NULL,
    equivalence     TEXT NOT NULL,
    PRIMARY KEY (map, source_system, source_code, target_system, target_code)
);
CREATE INDEX fhir_concept_source ON fhir_concept (source_system, source_code);
CREATE INDEX fhir_concept_target ON fhir_concept (target_system, target_code);

-- +goose Down
DROP TABLE fhir_concept;
DROP TABLE fhir_turn;
DROP TABLE fhir_mark;
DROP TABLE fhir_past;
DROP TABLE fhir_resource;
