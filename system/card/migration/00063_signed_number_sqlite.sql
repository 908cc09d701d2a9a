-- +goose Up
-- What two sides have signed under one number while the line of a hospital's node
-- was cut gets another number when they meet (docs/decisions/0026). Nothing else
-- of a signed row may change, and nobody else may change that.
DROP TRIGGER entry_signed_update;
-- +goose StatementBegin
CREATE TRIGGER entry_signed_update BEFORE UPDATE OF id, stay_id, kind, root, reason, body, at, by_pin, by_name, by_role, signed_at, copied_from, copied_lines ON entry WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER entry_signed_version BEFORE UPDATE OF version ON entry WHEN OLD.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM node_applying)
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER operation_signed_update;
-- +goose StatementBegin
CREATE TRIGGER operation_signed_update BEFORE UPDATE OF id, stay_id, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, root, reason, by_pin, by_name, signed_at, ended_at, assistants, anaesthetist, anaesthesia_record ON operation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operation_signed_version BEFORE UPDATE OF version ON operation WHEN OLD.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM node_applying)
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER observation_signed_update;
-- +goose StatementBegin
CREATE TRIGGER observation_signed_update BEFORE UPDATE OF id, stay_id, root, reason, struck, at, temperature, pulse, systolic, diastolic, respiration, saturation, by_pin, by_name, signed_at ON observation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER observation_signed_version BEFORE UPDATE OF version ON observation WHEN OLD.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM node_applying)
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER answer_signed_update;
-- +goose StatementBegin
CREATE TRIGGER answer_signed_update BEFORE UPDATE OF id, request_id, reason, at, findings, conclusion, by_pin, by_name, by_role, signed_at ON answer WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER answer_signed_version BEFORE UPDATE OF version ON answer WHEN OLD.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM node_applying)
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER antenatal_part_signed_update;
-- +goose StatementBegin
CREATE TRIGGER antenatal_part_signed_update BEFORE UPDATE OF id, pregnancy_id, kind, root, reason, day, content, organisation, by_pin, by_name, signed_at ON antenatal_part WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER antenatal_part_signed_version BEFORE UPDATE OF version ON antenatal_part WHEN OLD.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM node_applying)
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER antenatal_part_signed_version;
DROP TRIGGER antenatal_part_signed_update;
-- +goose StatementBegin
CREATE TRIGGER antenatal_part_signed_update BEFORE UPDATE ON antenatal_part WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER answer_signed_version;
DROP TRIGGER answer_signed_update;
-- +goose StatementBegin
CREATE TRIGGER answer_signed_update BEFORE UPDATE ON answer WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER observation_signed_version;
DROP TRIGGER observation_signed_update;
-- +goose StatementBegin
CREATE TRIGGER observation_signed_update BEFORE UPDATE ON observation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER operation_signed_version;
DROP TRIGGER operation_signed_update;
-- +goose StatementBegin
CREATE TRIGGER operation_signed_update BEFORE UPDATE ON operation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
DROP TRIGGER entry_signed_version;
DROP TRIGGER entry_signed_update;
-- +goose StatementBegin
CREATE TRIGGER entry_signed_update BEFORE UPDATE ON entry WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
