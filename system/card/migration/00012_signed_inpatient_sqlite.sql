-- +goose Up
-- Lines of the temperature sheet and answers are signed when written: never changed or deleted.
-- +goose StatementBegin
CREATE TRIGGER observation_signed_update BEFORE UPDATE ON observation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER observation_signed_delete BEFORE DELETE ON observation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER answer_signed_update BEFORE UPDATE ON answer WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER answer_signed_delete BEFORE DELETE ON answer WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER answer_signed_delete;
DROP TRIGGER answer_signed_update;
DROP TRIGGER observation_signed_delete;
DROP TRIGGER observation_signed_update;
