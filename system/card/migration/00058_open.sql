-- +goose Up
-- What every page asks is found without walking through what has ended: the
-- patients who lie in a hospital now, the cases that the fund has sent back to it,
-- and whom a member of staff has seen in lists (their records name no object).

CREATE INDEX stay_open ON stay (organisation, department) WHERE state = 'open';
CREATE INDEX treated_case_returned ON treated_case (substr(number, 10, 6)) WHERE state = 'returned'; -- the number of form 066/у holds the hospital's code
CREATE INDEX access_record_list ON access_record (actor_pin, at) WHERE object = '';

-- +goose Down
DROP INDEX access_record_list;
DROP INDEX treated_case_returned;
DROP INDEX stay_open;
