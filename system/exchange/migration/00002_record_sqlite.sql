-- +goose Up
-- A record of the message log is never changed or deleted, whoever asks.
-- +goose StatementBegin
CREATE TRIGGER message_record_update BEFORE UPDATE ON message_record
BEGIN SELECT RAISE(ABORT, 'the message log is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER message_record_delete BEFORE DELETE ON message_record
BEGIN SELECT RAISE(ABORT, 'the message log is only added to'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER message_record_delete;
DROP TRIGGER message_record_update;
