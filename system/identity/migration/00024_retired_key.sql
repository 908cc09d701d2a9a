-- +goose Up
-- What a signing key that is published no more has signed may still come back as
-- an id_token_hint: its public half stays for that, the private one goes.
ALTER TABLE signing_key ADD COLUMN public TEXT NOT NULL DEFAULT ''; -- JWK of a retired key, whose private is ''

-- +goose Down
DELETE FROM signing_key WHERE private = '';
ALTER TABLE signing_key DROP COLUMN public;
