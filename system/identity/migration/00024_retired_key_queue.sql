-- +goose Up
-- What a signing key that is published no more has signed may still come back as
-- an id_token_hint: its public half stays for that, the private one goes.
ALTER TABLE signing_key ADD COLUMN public TEXT NOT NULL DEFAULT ''; -- JWK of a retired key, whose private is ''

-- The operators' queue, page by page: people without an account first.
CREATE INDEX registration_asked ON registration (proof, (CASE WHEN state = 'waiting' THEN 0 ELSE 1 END), asked_at, id);

-- +goose Down
DROP INDEX registration_asked;
DELETE FROM signing_key WHERE private = '';
ALTER TABLE signing_key DROP COLUMN public;
