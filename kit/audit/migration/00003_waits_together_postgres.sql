-- +goose Up
-- Records that are written together are noted together as waiting: one question
-- inside instead of one a record.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION access_record_waits() RETURNS trigger AS $$ BEGIN
    INSERT INTO access_waiting (record_id) SELECT id FROM added;
    RETURN NULL;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
DROP TRIGGER access_record_waits ON access_record;
CREATE TRIGGER access_record_waits AFTER INSERT ON access_record REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION access_record_waits();

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION access_record_waits() RETURNS trigger AS $$ BEGIN
    INSERT INTO access_waiting (record_id) VALUES (NEW.id);
    RETURN NULL;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
DROP TRIGGER access_record_waits ON access_record;
CREATE TRIGGER access_record_waits AFTER INSERT ON access_record FOR EACH ROW EXECUTE FUNCTION access_record_waits();
