-- +goose Up
-- Who comes: foreigners, unknown persons, newborns; what the title page of a case
-- history (003/у) asks for; what pays.

ALTER TABLE patient ADD COLUMN kind TEXT NOT NULL DEFAULT 'citizen';   -- citizen, foreigner, unknown, newborn
ALTER TABLE patient ADD COLUMN country TEXT NOT NULL DEFAULT '';       -- of a foreigner's passport, ISO 3166-1 alpha-2
ALTER TABLE patient ADD COLUMN birth_order BIGINT NOT NULL DEFAULT 0;  -- of a newborn without a name, among several; 0: alone
ALTER TABLE patient ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';   -- id of the patient under whom this one is kept; '' stands alone
ALTER TABLE patient ADD COLUMN alike_key TEXT NOT NULL DEFAULT '';     -- patient.AlikeKey: what doubles have in common; '' not made yet
ALTER TABLE patient ADD COLUMN policy_from TEXT NOT NULL DEFAULT '';   -- day, '' not said
ALTER TABLE patient ADD COLUMN policy_until TEXT NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN social_status TEXT NOT NULL DEFAULT ''; -- works, pupil, pensioner…
ALTER TABLE patient ADD COLUMN privilege TEXT NOT NULL DEFAULT '';     -- document of the co-payment category: kind and number
ALTER TABLE patient ADD COLUMN workplace TEXT NOT NULL DEFAULT '';     -- and post
ALTER TABLE patient ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN kin_name TEXT NOT NULL DEFAULT '';      -- whom to tell
ALTER TABLE patient ADD COLUMN kin_relation TEXT NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN kin_phone TEXT NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN blood_group TEXT NOT NULL DEFAULT '';   -- 0, A, B, AB
ALTER TABLE patient ADD COLUMN rhesus TEXT NOT NULL DEFAULT '';        -- +, -
ALTER TABLE patient ADD COLUMN blood_at BIGINT NOT NULL DEFAULT 0;     -- when the group was written
ALTER TABLE patient ADD COLUMN blood_by TEXT NOT NULL DEFAULT '';      -- name
CREATE INDEX patient_alike ON patient (alike_key);
CREATE INDEX patient_passport ON patient (passport);

ALTER TABLE stay ADD COLUMN payment TEXT NOT NULL DEFAULT '';          -- oms, budget, paid, other; '' by the insurance alone
ALTER TABLE stay ADD COLUMN transport TEXT NOT NULL DEFAULT '';        -- walks, chair, stretcher

CREATE TABLE patient_identity (        -- each time it became known who a patient is
    id         TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    was        TEXT NOT NULL,          -- who they were held for, patient.Patient as JSON
    ground     TEXT NOT NULL,          -- by what they were recognised
    at         BIGINT NOT NULL,
    by_pin     TEXT NOT NULL,
    by_name    TEXT NOT NULL
);
CREATE INDEX patient_identity_patient ON patient_identity (patient_id, at);

CREATE TABLE newborn (                 -- a birth in the hospital
    id           TEXT PRIMARY KEY,
    patient_id   TEXT UNIQUE REFERENCES patient (id), -- the child; NULL: born dead
    mother_id    TEXT NOT NULL REFERENCES patient (id),
    mother_stay  TEXT NOT NULL REFERENCES stay (id),
    organisation TEXT NOT NULL,
    born_at      BIGINT NOT NULL,
    sex          TEXT NOT NULL,
    weight       BIGINT NOT NULL,      -- grams
    length       BIGINT NOT NULL,      -- centimetres
    apgar1       BIGINT NOT NULL,      -- at the first minute, -1: not said
    apgar5       BIGINT NOT NULL,      -- at the fifth
    live         BIGINT NOT NULL,      -- 1 live, 0 still
    plurality    BIGINT NOT NULL,      -- how many were born: 1, 2, 3…
    birth_order  BIGINT NOT NULL,      -- of this one among them, from 1
    note         TEXT NOT NULL,
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (mother_stay, birth_order)
);
CREATE INDEX newborn_mother ON newborn (mother_id);

CREATE TABLE copayment_category (      -- who is freed of the co-payment, by day
    code      TEXT NOT NULL,
    from_day  TEXT NOT NULL,
    until_day TEXT NOT NULL,           -- the last day, '' in force
    name_ky   TEXT NOT NULL,
    name_ru   TEXT NOT NULL,
    name_en   TEXT NOT NULL,
    exempt    BIGINT NOT NULL,         -- 1: pays nothing, 0: pays less
    min_age   BIGINT NOT NULL,         -- full years
    max_age   BIGINT NOT NULL,         -- -1: no bound
    sex       TEXT NOT NULL,           -- '' either
    source    TEXT NOT NULL,
    example   BIGINT NOT NULL,         -- 1: an example until the fund's own list is entered
    position  BIGINT NOT NULL,
    PRIMARY KEY (code, from_day)
);
INSERT INTO copayment_category (code, from_day, until_day, name_ky, name_ru, name_en, exempt, min_age, max_age, sex, source, example, position) VALUES
    ('child', '2007-01-01', '', '5 жашка чейинки бала', 'Ребёнок до 5 лет', 'Child under 5', 1, 0, 4, '', 'Программа государственных гарантий; ФОМС не передал перечень', 1, 1),
    ('pregnant', '2007-01-01', '', 'Кош бойлуу же төрөгөн аял', 'Беременная или роженица', 'Pregnant or in childbirth', 1, 10, 60, 'female', 'Программа государственных гарантий; ФОМС не передал перечень', 1, 2),
    ('pensioner', '2007-01-01', '', 'Пенсионер', 'Пенсионер', 'Pensioner', 0, 50, -1, '', 'Программа государственных гарантий; ФОМС не передал перечень', 1, 3),
    ('disabled', '2007-01-01', '', 'Майыптыгы бар адам', 'Лицо с инвалидностью', 'Person with a disability', 1, 0, -1, '', 'Программа государственных гарантий; ФОМС не передал перечень', 1, 4),
    ('veteran', '2007-01-01', '', 'Ардагер', 'Ветеран', 'Veteran', 1, 0, -1, '', 'Программа государственных гарантий; ФОМС не передал перечень', 1, 5),
    ('low_income', '2007-01-01', '', 'Аз камсыз болгон', 'Малообеспеченный', 'Low income', 0, 0, -1, '', 'Программа государственных гарантий; ФОМС не передал перечень', 1, 6);

-- +goose Down
DROP TABLE copayment_category;
DROP TABLE newborn;
DROP TABLE patient_identity;
ALTER TABLE stay DROP COLUMN transport;
ALTER TABLE stay DROP COLUMN payment;
DROP INDEX patient_passport;
DROP INDEX patient_alike;
ALTER TABLE patient DROP COLUMN blood_by;
ALTER TABLE patient DROP COLUMN blood_at;
ALTER TABLE patient DROP COLUMN rhesus;
ALTER TABLE patient DROP COLUMN blood_group;
ALTER TABLE patient DROP COLUMN kin_phone;
ALTER TABLE patient DROP COLUMN kin_relation;
ALTER TABLE patient DROP COLUMN kin_name;
ALTER TABLE patient DROP COLUMN phone;
ALTER TABLE patient DROP COLUMN workplace;
ALTER TABLE patient DROP COLUMN privilege;
ALTER TABLE patient DROP COLUMN social_status;
ALTER TABLE patient DROP COLUMN policy_until;
ALTER TABLE patient DROP COLUMN policy_from;
ALTER TABLE patient DROP COLUMN alike_key;
ALTER TABLE patient DROP COLUMN merged_into;
ALTER TABLE patient DROP COLUMN birth_order;
ALTER TABLE patient DROP COLUMN country;
ALTER TABLE patient DROP COLUMN kind;
