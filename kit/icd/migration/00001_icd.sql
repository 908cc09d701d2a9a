-- +goose Up
CREATE TABLE icd (                     -- ICD-10, imported
    code    TEXT PRIMARY KEY,          -- I21.0
    name    TEXT NOT NULL,             -- Russian
    parent  TEXT NOT NULL,             -- code of the heading above, '' at the top
    usable  BIGINT NOT NULL,           -- 1: may stand as a diagnosis; 0: a heading or withdrawn
    source  TEXT NOT NULL              -- file and version it came from
);
CREATE TABLE icd_import (              -- imports that changed something; the newest number is the version of table icd
    number  BIGINT PRIMARY KEY,
    source  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    rows    BIGINT NOT NULL,           -- rows read
    bad     BIGINT NOT NULL,           -- rows left out
    changed BIGINT NOT NULL            -- codes new, changed or withdrawn
);
CREATE TABLE icd_past (                -- what the classification said of a code before an import changed it
    code    TEXT NOT NULL,
    until   BIGINT NOT NULL,           -- moment of the import that changed it
    name    TEXT NOT NULL,
    parent  TEXT NOT NULL,
    usable  BIGINT NOT NULL,
    PRIMARY KEY (code, until)
);

-- +goose Down
DROP TABLE icd_past;
DROP TABLE icd_import;
DROP TABLE icd;
