-- +goose Up
-- A signed entry or operation is never changed or deleted, whoever asks.
-- +goose StatementBegin
CREATE TRIGGER entry_signed_update BEFORE UPDATE ON entry WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER entry_signed_delete BEFORE DELETE ON entry WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operation_signed_update BEFORE UPDATE ON operation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operation_signed_delete BEFORE DELETE ON operation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER operation_signed_delete;
DROP TRIGGER operation_signed_update;
DROP TRIGGER entry_signed_delete;
DROP TRIGGER entry_signed_update;
