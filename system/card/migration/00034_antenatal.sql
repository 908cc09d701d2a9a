-- +goose Up
-- The exchange card of a pregnant woman (113/у, MC-3): what the antenatal clinic
-- writes, what the maternity hospital writes, and the tear-offs between them.

CREATE TABLE pregnancy (
    id           TEXT PRIMARY KEY,
    number       TEXT NOT NULL UNIQUE,   -- of the card: organisation-year-sequence
    patient_id   TEXT NOT NULL REFERENCES patient (id),
    organisation TEXT NOT NULL,          -- the clinic that keeps it now
    state        TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    dated_from   TEXT NOT NULL,          -- day of 0 weeks 0 days, by the newest registration
    next_visit   TEXT NOT NULL,          -- day, '' none
    warnings     BIGINT NOT NULL,        -- standing ones of the newest data
    given_at     BIGINT NOT NULL,        -- the card was given to the woman; 0: not yet
    outcome      TEXT NOT NULL,          -- '' while open
    ended_on     TEXT NOT NULL,          -- day of the birth or loss
    closed_at    BIGINT NOT NULL,
    closed_by    TEXT NOT NULL,          -- ПИН, or the tear-off that closed it
    close_note   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL
);
CREATE UNIQUE INDEX pregnancy_one_open ON pregnancy (patient_id) WHERE state = 'open';
CREATE INDEX pregnancy_clinic ON pregnancy (organisation, state, dated_from);
CREATE TABLE pregnancy_sequence (        -- last number given
    organisation TEXT NOT NULL,
    year         BIGINT NOT NULL,
    last         BIGINT NOT NULL,
    PRIMARY KEY (organisation, year)
);
CREATE TABLE pregnancy_move (            -- from one clinic to another
    id                TEXT PRIMARY KEY,
    pregnancy_id      TEXT NOT NULL REFERENCES pregnancy (id),
    from_organisation TEXT NOT NULL,
    to_organisation   TEXT NOT NULL,
    reason            TEXT NOT NULL,
    at                BIGINT NOT NULL,
    by_pin            TEXT NOT NULL,
    by_name           TEXT NOT NULL
);
CREATE INDEX pregnancy_move_from ON pregnancy_move (from_organisation, at);
CREATE TABLE antenatal_part (            -- registration, visit, result; signed when written
    id           TEXT PRIMARY KEY,
    pregnancy_id TEXT NOT NULL REFERENCES pregnancy (id),
    kind         TEXT NOT NULL CHECK (kind IN ('registration', 'visit', 'result')),
    root         TEXT NOT NULL,          -- id of the first version
    version      BIGINT NOT NULL,
    reason       TEXT NOT NULL,          -- of a correction
    day          TEXT NOT NULL,          -- that it tells of
    content      TEXT NOT NULL,          -- cardapi.Registration, Visit or LabResult as JSON
    organisation TEXT NOT NULL,
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    signed_at    BIGINT NOT NULL,
    UNIQUE (root, version)
);
CREATE INDEX antenatal_part_pregnancy ON antenatal_part (pregnancy_id, kind);
CREATE TABLE exchange_card (             -- codes under which the woman shows her card
    id           TEXT PRIMARY KEY,
    pregnancy_id TEXT NOT NULL REFERENCES pregnancy (id),
    code         TEXT NOT NULL UNIQUE,
    early        TEXT NOT NULL,          -- why before its week, '' when due
    given_at     BIGINT NOT NULL,
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    revoked_at   BIGINT NOT NULL         -- 0: valid
);
CREATE UNIQUE INDEX exchange_card_one_valid ON exchange_card (pregnancy_id) WHERE revoked_at = 0;
CREATE TABLE exchange_card_opening (     -- who opened the card, for the clinic
    id            TEXT PRIMARY KEY,
    pregnancy_id  TEXT NOT NULL REFERENCES pregnancy (id),
    at            BIGINT NOT NULL,
    organisation  TEXT NOT NULL,
    by_name       TEXT NOT NULL,
    basis         TEXT NOT NULL,
    request_id    TEXT NOT NULL          -- X-Road-Id
);
CREATE INDEX exchange_card_opening_pregnancy ON exchange_card_opening (pregnancy_id, at);
CREATE TABLE tear_off_inbox (            -- tear-offs as they arrived
    root         TEXT NOT NULL,
    version      BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('mother', 'newborn')),
    organisation TEXT NOT NULL,          -- that it is for
    sender       TEXT NOT NULL,
    pregnancy_id TEXT NOT NULL,          -- '' for a woman without a card
    content      TEXT NOT NULL,          -- cardapi.TearOff as JSON
    received_at  BIGINT NOT NULL,
    read_at      BIGINT NOT NULL,        -- 0: nobody has acknowledged it
    read_pin     TEXT NOT NULL,
    read_name    TEXT NOT NULL,
    PRIMARY KEY (root, version)
);
CREATE INDEX tear_off_inbox_place ON tear_off_inbox (organisation, read_at, received_at);

CREATE TABLE confinement (               -- a stay for a birth, in the maternity hospital
    stay_id    TEXT PRIMARY KEY REFERENCES stay (id),
    card       TEXT NOT NULL,            -- cardapi.ExchangeCard as it was opened, '' none
    basis      TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,          -- 0: never
    opened_pin TEXT NOT NULL,
    opened_name TEXT NOT NULL
);
CREATE TABLE confinement_part (          -- birth, newborn; signed when written
    id        TEXT PRIMARY KEY,
    stay_id   TEXT NOT NULL REFERENCES confinement (stay_id),
    kind      TEXT NOT NULL CHECK (kind IN ('birth', 'newborn')),
    about     TEXT NOT NULL,             -- id of the newborn, '' for the birth
    root      TEXT NOT NULL,
    version   BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    content   TEXT NOT NULL,             -- cardapi.Birth or Newborn as JSON
    by_pin    TEXT NOT NULL,
    by_name   TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    UNIQUE (root, version)
);
CREATE INDEX confinement_part_stay ON confinement_part (stay_id, kind);
CREATE UNIQUE INDEX confinement_part_one ON confinement_part (stay_id, kind, about, version);
CREATE TABLE tear_off (                  -- sent
    root         TEXT NOT NULL,
    version      BIGINT NOT NULL,
    stay_id      TEXT NOT NULL REFERENCES confinement (stay_id),
    kind         TEXT NOT NULL CHECK (kind IN ('mother', 'newborn')),
    about        TEXT NOT NULL,          -- id of the newborn, '' for the mother
    content      TEXT NOT NULL,          -- cardapi.TearOff as JSON; never changed
    signed_at    BIGINT NOT NULL,
    by_pin       TEXT NOT NULL,
    PRIMARY KEY (root, version)
);
CREATE UNIQUE INDEX tear_off_one ON tear_off (stay_id, kind, about, version);
CREATE TABLE tear_off_way (              -- how far a tear-off has come
    root         TEXT NOT NULL,
    version      BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,        -- 0: on the way
    read_at      BIGINT NOT NULL,
    read_name    TEXT NOT NULL,
    PRIMARY KEY (root, version)
);

-- +goose Down
DROP TABLE tear_off_way;
DROP TABLE tear_off;
DROP TABLE confinement_part;
DROP TABLE confinement;
DROP TABLE tear_off_inbox;
DROP TABLE exchange_card_opening;
DROP TABLE exchange_card;
DROP TABLE antenatal_part;
DROP TABLE pregnancy_move;
DROP TABLE pregnancy_sequence;
DROP TABLE pregnancy;
