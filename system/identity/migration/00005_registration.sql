-- +goose Up
-- Registration in the app (ID-2), and what an operator has to look at.

CREATE TABLE registration (
    id             TEXT PRIMARY KEY,
    token_hash     TEXT NOT NULL UNIQUE,        -- SHA-256 of the cookie's secret
    state          TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'known', 'refused', 'finished')), -- known: the ПИН had an account
    version        BIGINT NOT NULL,             -- compare-and-set
    lang           TEXT NOT NULL,
    flow           TEXT NOT NULL,               -- the OpenID flow to go on with, '' for none
    pin            TEXT NOT NULL,
    passport       TEXT NOT NULL,               -- series and number: ID1234567
    person         TEXT NOT NULL,               -- what the population register said, JSON; '' when the data do not fit
    doubt          TEXT NOT NULL,               -- why the person says they do not fit, '' when they do
    claim          TEXT NOT NULL,               -- name and birth date by the person's own word, JSON; '' without a doubt
    agreement      TEXT NOT NULL,               -- version accepted, '' until then (ID-16)
    agreement_lang TEXT NOT NULL,
    agreed_at      BIGINT NOT NULL,
    phone          TEXT NOT NULL,
    phone_at       BIGINT NOT NULL,             -- when it was confirmed, 0 until then
    email          TEXT NOT NULL,
    email_at       BIGINT NOT NULL,
    photo_id       TEXT NOT NULL,
    photo_at       BIGINT NOT NULL,             -- when the person confirmed it, 0 until then
    photo_refused  BIGINT NOT NULL,             -- how many photos the machine did not take
    photo_doubt    TEXT NOT NULL,               -- why it did not take the last one, '' when it did
    document_id    TEXT NOT NULL,               -- photo of the passport, '' for none
    account_id     TEXT NOT NULL,               -- '' until there is one
    proof          TEXT NOT NULL CHECK (proof IN ('', 'waiting', 'again', 'approved', 'refused')), -- an operator's look
    asked_at       BIGINT NOT NULL,             -- since when an operator is waited for
    decided_at     BIGINT NOT NULL,
    decided_by     TEXT NOT NULL,               -- ПИН and name of the operator
    decided_name   TEXT NOT NULL,
    reason         TEXT NOT NULL,               -- as the person was told it
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX registration_proof ON registration (proof, asked_at);
CREATE INDEX registration_account ON registration (account_id);

CREATE TABLE photo (
    id         TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,                   -- registration
    account_id TEXT NOT NULL,                   -- '' until there is one
    kind       TEXT NOT NULL CHECK (kind IN ('face', 'passport')),
    sealed     TEXT NOT NULL,                   -- JPEG
    measured   TEXT NOT NULL,                   -- what the machine saw on it, JSON
    created_at BIGINT NOT NULL,
    delete_at  BIGINT NOT NULL                  -- 0: kept as long as the account
);
CREATE INDEX photo_owner ON photo (owner);
CREATE INDEX photo_account ON photo (account_id, kind);
CREATE INDEX photo_delete ON photo (delete_at);

-- +goose Down
DROP TABLE photo;
DROP TABLE registration;
