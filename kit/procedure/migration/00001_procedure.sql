-- +goose Up
CREATE TABLE procedure_code (          -- the table of operations, imported; days are text 2026-11-22
    code      TEXT NOT NULL,           -- A16.12.1
    from_day  TEXT NOT NULL,           -- first day
    until_day TEXT NOT NULL,           -- last day, '' while it is valid without end
    name_ky   TEXT NOT NULL,
    name_ru   TEXT NOT NULL,
    name_en   TEXT NOT NULL,
    paired    BIGINT NOT NULL,         -- 1: of what stands left and right, its side must be said
    source    TEXT NOT NULL,           -- file that it came from
    PRIMARY KEY (code, from_day)
);
CREATE TABLE procedure_import (        -- imports that changed something; the newest number is the version of table procedure_code
    number  BIGINT PRIMARY KEY,
    source  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    rows    BIGINT NOT NULL,           -- rows read
    changed BIGINT NOT NULL            -- rows new or changed
);

-- +goose Down
DROP TABLE procedure_import;
DROP TABLE procedure_code;
