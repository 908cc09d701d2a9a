-- +goose Up
-- That a person has one open referral to a department is looked at under the lock
-- of the person: an index would stand in the way of a merge of two patients who
-- have one each.
DROP INDEX referral_one_open;
CREATE INDEX referral_open ON referral (patient_id, to_organisation) WHERE state IN ('sent', 'accepted');

-- +goose Down
DROP INDEX referral_open;
CREATE UNIQUE INDEX referral_one_open ON referral (patient_id, to_organisation, to_department, purpose) WHERE state IN ('sent', 'accepted');
