-- +goose Up
-- Within how many days after the day of a return a hospital may appeal: the row
-- with the latest first day that is not after the return holds.
CREATE TABLE appeal_term (
    from_day    TEXT PRIMARY KEY,      -- 2026-11-22
    days        BIGINT NOT NULL,
    source_ky   TEXT NOT NULL,
    source_ru   TEXT NOT NULL,
    source_en   TEXT NOT NULL
);
INSERT INTO appeal_term (from_day, days, source_ky, source_ru, source_en) VALUES ('2025-01-01', 30,
    'Sanarip программасынын баштапкы мааниси: ачык акт табылган жок', 'значение Sanarip по умолчанию: открытого акта не найдено',
    'default of Sanarip: no public act was found');

-- +goose Down
DROP TABLE appeal_term;
