-- +goose Up
ALTER TABLE treated_case ADD COLUMN way TEXT NOT NULL DEFAULT 'exchange'; -- exchange, hand: how it came
-- Name and birth date as they are compared, by which a person without ПИН is
-- found again in one organisation.
ALTER TABLE treated_case ADD COLUMN person TEXT NOT NULL DEFAULT '';
CREATE INDEX treated_case_person ON treated_case (organisation, person);

CREATE TABLE case_double (              -- what came a second time by the other way: never paid
    id           TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL REFERENCES treated_case (id), -- the one that counts
    number       TEXT NOT NULL,
    revision     BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    way          TEXT NOT NULL,         -- of this one
    content      TEXT NOT NULL,         -- insuranceapi.Case as JSON
    content_hash TEXT NOT NULL,
    decision     TEXT NOT NULL,         -- insuranceapi.Decision as JSON
    sent_by      TEXT NOT NULL,         -- ПИН
    received_at  BIGINT NOT NULL,
    UNIQUE (number, revision, way)
);

CREATE TABLE entry_draft (              -- a case being entered by hand
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    version      BIGINT NOT NULL,       -- counts writes: who saved second is told so
    replaces     TEXT NOT NULL,         -- the returned case that is corrected, '' for a first
    case_id      TEXT NOT NULL,         -- the case it became, '' while it is a draft
    content      TEXT NOT NULL,         -- what stands in the fields, as JSON
    by_pin       TEXT NOT NULL,         -- who wrote last
    by_name      TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX entry_draft_list ON entry_draft (organisation, case_id, updated_at);
-- A returned case is corrected in one draft.
CREATE UNIQUE INDEX entry_draft_replaces ON entry_draft (replaces) WHERE replaces <> '';

-- +goose Down
DROP TABLE entry_draft;
DROP TABLE case_double;
DROP INDEX treated_case_person;
ALTER TABLE treated_case DROP COLUMN person;
ALTER TABLE treated_case DROP COLUMN way;
