-- +goose Up
-- What clinic and maternity hospital sign is never changed or deleted.
-- +goose StatementBegin
CREATE TRIGGER antenatal_part_signed_update BEFORE UPDATE ON antenatal_part WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER antenatal_part_signed_delete BEFORE DELETE ON antenatal_part WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER confinement_part_signed_update BEFORE UPDATE ON confinement_part WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER confinement_part_signed_delete BEFORE DELETE ON confinement_part WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tear_off_signed_update BEFORE UPDATE ON tear_off WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tear_off_signed_delete BEFORE DELETE ON tear_off WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER tear_off_signed_delete;
DROP TRIGGER tear_off_signed_update;
DROP TRIGGER confinement_part_signed_delete;
DROP TRIGGER confinement_part_signed_update;
DROP TRIGGER antenatal_part_signed_delete;
DROP TRIGGER antenatal_part_signed_update;
