-- +goose Up
-- Every page of a sender counts what was refused lately.
CREATE INDEX referral_refused ON referral (from_organisation, written_at) WHERE state = 'refused';

-- +goose Down
DROP INDEX referral_refused;
