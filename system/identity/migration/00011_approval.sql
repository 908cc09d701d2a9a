-- +goose Up
-- By what the person approved a sign-in on the phone.

ALTER TABLE phone_request ADD COLUMN proof TEXT NOT NULL DEFAULT '' CHECK (proof IN ('', 'pin', 'passkey')); -- '' before it is approved

-- +goose Down
ALTER TABLE phone_request DROP COLUMN proof;
