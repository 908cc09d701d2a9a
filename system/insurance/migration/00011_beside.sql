-- +goose Up
-- What takes longer than a page may is done beside it, by whichever process has the
-- job, and goes on where another one was killed.

-- An act in the making has the sequence 0 and is no act yet: there is one a month.
ALTER TABLE act ADD COLUMN expected BIGINT NOT NULL DEFAULT 0; -- cases when it was ordered
ALTER TABLE act ADD COLUMN reached TEXT NOT NULL DEFAULT '';   -- id of the last case looked at
-- A stretch of the cases of a month, and of an act, is found without the others.
CREATE INDEX act_case_stretch ON act_case (act_id, case_id);
DROP INDEX treated_case_sum_of_hospital;
CREATE INDEX treated_case_sum_of_hospital ON treated_case (organisation, month, stage, id, state, price) WHERE is_current = 1;

CREATE TABLE rerun (                    -- re-runs of a month under other tables
    id           TEXT PRIMARY KEY,
    month        TEXT NOT NULL,
    organisation TEXT NOT NULL,         -- '' for every hospital
    tables       TEXT NOT NULL,         -- ids, as JSON
    cases        BIGINT NOT NULL,       -- to be priced, 0 while not known
    priced       BIGINT NOT NULL,       -- so far
    begun        BIGINT NOT NULL,       -- how often it was begun: more than once after a kill
    result       TEXT NOT NULL,         -- as JSON, '' while it goes on
    asked_at     BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL        -- 0 while it goes on
);
CREATE INDEX rerun_asked ON rerun (month, organisation, tables, asked_at);

-- +goose Down
DROP TABLE rerun;
DROP INDEX treated_case_sum_of_hospital;
CREATE INDEX treated_case_sum_of_hospital ON treated_case (organisation, month, stage, state, price) WHERE is_current = 1;
DROP INDEX act_case_stretch;
DELETE FROM act_case WHERE act_id IN (SELECT id FROM act WHERE sequence = 0);
ALTER TABLE act DROP COLUMN reached;
ALTER TABLE act DROP COLUMN expected;
