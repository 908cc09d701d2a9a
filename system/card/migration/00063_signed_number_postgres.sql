-- +goose Up
-- What two sides have signed under one number while the line of a hospital's node
-- was cut gets another number when they meet (docs/decisions/0026). Nothing else
-- of a signed row may change, and nobody else may change that.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_signed() RETURNS trigger AS $$ BEGIN
    IF OLD.signed_at <> 0 AND NOT (TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'version' = to_jsonb(OLD) - 'version' AND EXISTS (SELECT 1 FROM node_applying)) THEN
        RAISE EXCEPTION 'a signed record is never changed' USING ERRCODE = '23001';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_signed() RETURNS trigger AS $$ BEGIN
    IF OLD.signed_at <> 0 THEN RAISE EXCEPTION 'a signed record is never changed' USING ERRCODE = '23001'; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
