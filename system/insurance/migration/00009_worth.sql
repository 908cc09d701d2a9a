-- +goose Up
-- What makes a case worth looking at first. Neither changes when an expert decides:
-- the case after this one in a list stays the same.
ALTER TABLE treated_case ADD COLUMN findings BIGINT NOT NULL DEFAULT 0; -- of the checks, when it came
ALTER TABLE treated_case ADD COLUMN worth BIGINT NOT NULL DEFAULT 0;    -- tyiyn: its last price above 0
UPDATE treated_case SET worth = price, findings = (LENGTH(decision) - LENGTH(REPLACE(decision, '"rule":', ''))) / LENGTH('"rule":');
CREATE INDEX treated_case_worth ON treated_case (worth, id) WHERE is_current = 1;
CREATE INDEX treated_case_doubt ON treated_case (findings, worth, id) WHERE is_current = 1;

-- +goose Down
DROP INDEX treated_case_doubt;
DROP INDEX treated_case_worth;
ALTER TABLE treated_case DROP COLUMN worth;
ALTER TABLE treated_case DROP COLUMN findings;
