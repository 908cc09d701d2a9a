-- +goose Up
-- Referrals between organisations: forms 057/у and 028/у (MC-2).

CREATE TABLE referral (
    id                TEXT PRIMARY KEY,     -- made with the form: what is sent twice is one
    number            TEXT NOT NULL,        -- 7 digits of a sequence, 6 of the organisation, 2 of the year
    check_code        TEXT NOT NULL UNIQUE, -- in the QR code of the paper
    form              TEXT NOT NULL CHECK (form IN ('057', '028')),
    purpose           TEXT NOT NULL CHECK (purpose IN ('hospitalisation', 'consultation', 'examination')),
    urgency           TEXT NOT NULL CHECK (urgency IN ('planned', 'urgent', 'emergency')),
    patient_id        TEXT NOT NULL REFERENCES patient (id),
    from_organisation TEXT NOT NULL,
    from_department   TEXT NOT NULL,        -- 2 digits, '' for none
    from_stay         TEXT NOT NULL,        -- '' outside a stay
    to_organisation   TEXT NOT NULL,
    to_department     TEXT NOT NULL,
    code              TEXT NOT NULL,        -- ICD-10
    diagnosis         TEXT NOT NULL,
    reason            TEXT NOT NULL,
    history           TEXT NOT NULL,
    by_pin            TEXT NOT NULL,
    by_name           TEXT NOT NULL,
    by_role           TEXT NOT NULL,
    written_at        BIGINT NOT NULL,
    valid_until       TEXT NOT NULL,        -- the last day
    state             TEXT NOT NULL CHECK (state IN ('sent', 'accepted', 'refused', 'redirected', 'not_come', 'withdrawn', 'admitted', 'answered', 'expired')),
    version           BIGINT NOT NULL,      -- number of its last step
    appointed_at      BIGINT NOT NULL,      -- 0: no day yet
    root              TEXT NOT NULL,        -- id of the first referral of the chain
    replaces          TEXT NOT NULL,        -- id of the one that was redirected, '' for none
    stay_id           TEXT NOT NULL,        -- that closed it, '' for none or one elsewhere
    conclusion        TEXT NOT NULL,
    remote            TEXT NOT NULL,        -- subsystem of the other side's system, '' when both work here
    UNIQUE (from_organisation, number)
);
CREATE UNIQUE INDEX referral_one_open ON referral (patient_id, to_organisation, to_department, purpose) WHERE state IN ('sent', 'accepted');
CREATE UNIQUE INDEX referral_one_heir ON referral (replaces) WHERE replaces <> '';
CREATE INDEX referral_received ON referral (to_organisation, state, written_at);
CREATE INDEX referral_given ON referral (from_organisation, written_at);
CREATE INDEX referral_patient ON referral (patient_id, written_at);
CREATE INDEX referral_chain ON referral (root);
CREATE INDEX referral_from_stay ON referral (from_stay);
CREATE TABLE referral_sequence (       -- last sequence given
    organisation TEXT NOT NULL,
    year         BIGINT NOT NULL,
    last         BIGINT NOT NULL,
    PRIMARY KEY (organisation, year)
);
CREATE TABLE referral_step (           -- what became of it; never changed
    id           TEXT PRIMARY KEY,
    referral_id  TEXT NOT NULL REFERENCES referral (id),
    seq          BIGINT NOT NULL,
    state        TEXT NOT NULL,        -- that it led to
    at           BIGINT NOT NULL,
    organisation TEXT NOT NULL,        -- of who acted, '' for the passing of time
    by_pin       TEXT NOT NULL,
    by_name      TEXT NOT NULL,
    note         TEXT NOT NULL,        -- reason, or the words to the patient
    appointed_at BIGINT NOT NULL,
    UNIQUE (referral_id, seq)
);
CREATE TABLE referral_result (         -- from the case history, as it was when it was attached
    id           TEXT PRIMARY KEY,
    referral_id  TEXT NOT NULL REFERENCES referral (id),
    position     BIGINT NOT NULL,
    owner        TEXT NOT NULL,        -- organisation whose record it is
    source       TEXT NOT NULL,        -- id of the answer, entry or operation
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    body         TEXT NOT NULL,
    findings     TEXT NOT NULL,        -- request.Finding as JSON
    by_name      TEXT NOT NULL,
    UNIQUE (referral_id, position)
);
CREATE TABLE referral_rule (           -- days; which row holds is told by the day
    what       TEXT NOT NULL,          -- 057.planned, 028.urgent, …, appointment, grace
    days       BIGINT NOT NULL,
    from_day   TEXT NOT NULL,
    until_day  TEXT NOT NULL,          -- the first day on which it does not hold, '' for open
    source     TEXT NOT NULL,
    PRIMARY KEY (what, from_day)
);
-- No public act of the country that we found names days of validity: these are
-- what is usual, for the operator to replace by rows of their own.
INSERT INTO referral_rule (what, days, from_day, until_day, source) VALUES
    ('057.planned', 30, '2000-01-01', '', 'usual practice; no public act found'),
    ('057.urgent', 3, '2000-01-01', '', 'usual practice; no public act found'),
    ('057.emergency', 1, '2000-01-01', '', 'usual practice; no public act found'),
    ('028.planned', 30, '2000-01-01', '', 'usual practice; no public act found'),
    ('028.urgent', 5, '2000-01-01', '', 'usual practice; no public act found'),
    ('028.emergency', 1, '2000-01-01', '', 'usual practice; no public act found'),
    ('appointment', 180, '2000-01-01', '', 'the longest an accepted day may lie ahead; our own bound'),
    ('grace', 3, '2000-01-01', '', 'days after the accepted day on which the patient may still come; our own bound');
CREATE TABLE referral_route (          -- organisations that work in another system of the exchange
    organisation TEXT PRIMARY KEY,
    subsystem    TEXT NOT NULL         -- INSTANCE/CLASS/MEMBER/SUBSYSTEM
);
CREATE TABLE referral_capacity (       -- what such a system last said of its departments
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    beds         BIGINT NOT NULL,
    free         BIGINT NOT NULL,
    waiting      BIGINT NOT NULL,
    asked_at     BIGINT NOT NULL,
    PRIMARY KEY (organisation, department)
);

-- +goose Down
DROP TABLE referral_capacity;
DROP TABLE referral_route;
DROP TABLE referral_rule;
DROP TABLE referral_result;
DROP TABLE referral_step;
DROP TABLE referral_sequence;
DROP TABLE referral;
