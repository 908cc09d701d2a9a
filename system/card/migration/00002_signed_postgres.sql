-- +goose Up
-- A signed entry or operation is never changed or deleted, whoever asks.
-- +goose StatementBegin
CREATE FUNCTION refuse_signed() RETURNS trigger AS $$ BEGIN
    IF OLD.signed_at <> 0 THEN RAISE EXCEPTION 'a signed record is never changed' USING ERRCODE = '23001'; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER entry_signed BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION refuse_signed();
CREATE TRIGGER operation_signed BEFORE UPDATE OR DELETE ON operation FOR EACH ROW EXECUTE FUNCTION refuse_signed();

-- +goose Down
DROP TRIGGER operation_signed ON operation;
DROP TRIGGER entry_signed ON entry;
DROP FUNCTION refuse_signed();
