-- +goose Up
-- A list of cases has its index for each order, alone and behind what it is mostly
-- asked by; a stage of a hospital has its own, since few of many cases stand there.
CREATE INDEX treated_case_of_hospital ON treated_case (organisation, discharged_at, id) WHERE is_current = 1;
CREATE INDEX treated_case_at_stage ON treated_case (stage, discharged_at, id) WHERE is_current = 1;
CREATE INDEX treated_case_at_stage_of_hospital ON treated_case (organisation, stage, discharged_at, id) WHERE is_current = 1;
CREATE INDEX treated_case_worth_of_hospital ON treated_case (organisation, worth, id) WHERE is_current = 1;
CREATE INDEX treated_case_worth_at_stage ON treated_case (stage, worth, id) WHERE is_current = 1;
CREATE INDEX treated_case_worth_of_month ON treated_case (month, worth, id) WHERE is_current = 1;
CREATE INDEX treated_case_doubt_of_hospital ON treated_case (organisation, findings, worth, id) WHERE is_current = 1;
CREATE INDEX treated_case_doubt_at_stage ON treated_case (stage, findings, worth, id) WHERE is_current = 1;
CREATE INDEX treated_case_doubt_of_month ON treated_case (month, findings, worth, id) WHERE is_current = 1;
-- Sums of months are read from their index alone: of all hospitals, of one, and of
-- what is accepted and in no act.
CREATE INDEX treated_case_sum ON treated_case (month, organisation, state, price) WHERE is_current = 1;
CREATE INDEX treated_case_sum_of_hospital ON treated_case (organisation, month, stage, state, price) WHERE is_current = 1;
CREATE INDEX treated_case_sum_at_stage ON treated_case (stage, month, organisation, price) WHERE is_current = 1;
DROP INDEX treated_case_waiting;
DROP INDEX treated_case_month;

-- +goose Down
CREATE INDEX treated_case_month ON treated_case (month, organisation);
CREATE INDEX treated_case_waiting ON treated_case (stage, organisation) WHERE is_current = 1;
DROP INDEX treated_case_sum_at_stage;
DROP INDEX treated_case_sum_of_hospital;
DROP INDEX treated_case_sum;
DROP INDEX treated_case_doubt_of_month;
DROP INDEX treated_case_doubt_at_stage;
DROP INDEX treated_case_doubt_of_hospital;
DROP INDEX treated_case_worth_of_month;
DROP INDEX treated_case_worth_at_stage;
DROP INDEX treated_case_worth_of_hospital;
DROP INDEX treated_case_at_stage_of_hospital;
DROP INDEX treated_case_at_stage;
DROP INDEX treated_case_of_hospital;
