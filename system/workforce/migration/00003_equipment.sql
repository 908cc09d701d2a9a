-- +goose Up
-- Computers, doctors and nurses by department, as the organisation counted them
-- on a day (order of the ministry, item 9). A report is never changed: a better
-- one follows it.
CREATE TABLE equipment_report (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    number       BIGINT NOT NULL,      -- 1, 2… of the organisation
    day          TEXT NOT NULL,        -- on which it was counted
    internet     TEXT NOT NULL CHECK (internet IN ('none', 'mobile', 'fixed', 'fibre')),
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    created_name TEXT NOT NULL,
    UNIQUE (organisation, number)
);
CREATE INDEX equipment_report_day ON equipment_report (organisation, day);
CREATE TABLE equipment_line (
    report     TEXT NOT NULL REFERENCES equipment_report (id),
    department TEXT NOT NULL,          -- 2-digit code; '' for what belongs to no department
    name_ky    TEXT NOT NULL,          -- as the department was called then
    name_ru    TEXT NOT NULL,
    name_en    TEXT NOT NULL,
    computers  BIGINT NOT NULL CHECK (computers >= 0),
    working    BIGINT NOT NULL CHECK (working >= 0 AND working <= computers),
    online     BIGINT NOT NULL CHECK (online >= 0 AND online <= working),
    printers   BIGINT NOT NULL CHECK (printers >= 0),
    doctors    BIGINT NOT NULL CHECK (doctors >= 0),
    nurses     BIGINT NOT NULL CHECK (nurses >= 0),
    PRIMARY KEY (report, department)
);
-- When the ministry asks: what was counted on since_day or later answers it.
CREATE TABLE equipment_call (
    id         TEXT PRIMARY KEY,
    since_day  TEXT NOT NULL,
    due_day    TEXT NOT NULL,
    source     TEXT NOT NULL,          -- the order
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX equipment_call_due ON equipment_call (due_day);
INSERT INTO equipment_call (id, since_day, due_day, source, created_at, created_by)
    VALUES ('2025-11', '2025-10-01', '2025-11-15', 'Приказ МЗ КР 2025 г. о внедрении «Цифровой медицинской карты пациента», п. 9', 0, '');

-- +goose Down
DROP TABLE equipment_call;
DROP TABLE equipment_line;
DROP TABLE equipment_report;
