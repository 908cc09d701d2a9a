-- +goose Up
-- A record of the message log is never changed or deleted, whoever asks.
-- +goose StatementBegin
CREATE FUNCTION refuse_record() RETURNS trigger AS $$ BEGIN
    RAISE EXCEPTION 'the message log is only added to' USING ERRCODE = '23001';
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER message_record_kept BEFORE UPDATE OR DELETE ON message_record FOR EACH ROW EXECUTE FUNCTION refuse_record();

-- +goose Down
DROP TRIGGER message_record_kept ON message_record;
DROP FUNCTION refuse_record();
