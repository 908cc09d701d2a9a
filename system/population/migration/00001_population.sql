-- +goose Up
-- Days are text 2026-11-22, flags 0 and 1.

CREATE TABLE person (
    pin              TEXT PRIMARY KEY,
    family_name      TEXT NOT NULL,
    given_name       TEXT NOT NULL,
    patronymic       TEXT NOT NULL,
    birth_date       TEXT NOT NULL,
    sex              TEXT NOT NULL CHECK (sex IN ('female', 'male')),
    citizenship      TEXT NOT NULL,         -- ISO 3166 alpha-3: KGZ
    passport_series  TEXT NOT NULL,
    passport_number  TEXT NOT NULL,
    passport_issued  TEXT NOT NULL,
    passport_expires TEXT NOT NULL,
    passport_issuer  TEXT NOT NULL,
    region           TEXT NOT NULL,         -- СОАТЕ code
    address          TEXT NOT NULL,
    rural            BIGINT NOT NULL,
    deceased         BIGINT NOT NULL
);

CREATE TABLE territory (                    -- СОАТЕ, imported
    code    TEXT PRIMARY KEY,               -- 14 digits
    level   TEXT NOT NULL,                  -- country, oblast, rayon…
    parent  TEXT NOT NULL,                  -- code, '' for the country
    name_ru TEXT NOT NULL,
    name_ky TEXT NOT NULL                   -- as the source has it, '' where it has none
);

-- +goose Down
DROP TABLE territory;
DROP TABLE person;
