-- +goose Up
-- What makes people and diagnoses findable.
ALTER TABLE patient ADD COLUMN folded_name TEXT NOT NULL DEFAULT ''; -- text.Fold of surname, given name, patronymic
ALTER TABLE patient ADD COLUMN birth_year BIGINT NOT NULL DEFAULT 0; -- by estimate, of a person without a birth date; 0: none
CREATE INDEX patient_name ON patient (folded_name);
CREATE INDEX stay_patient ON stay (patient_id);
CREATE TABLE icd_import (              -- imports that changed something; the newest number is the version of table icd
    number  BIGINT PRIMARY KEY,
    source  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    rows    BIGINT NOT NULL,           -- rows read
    bad     BIGINT NOT NULL,           -- rows left out
    changed BIGINT NOT NULL            -- codes new, changed or withdrawn
);

-- +goose Down
DROP TABLE icd_import;
DROP INDEX stay_patient;
DROP INDEX patient_name;
ALTER TABLE patient DROP COLUMN birth_year;
ALTER TABLE patient DROP COLUMN folded_name;
