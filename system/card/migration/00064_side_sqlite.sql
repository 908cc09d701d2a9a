-- +goose Up
-- The side of the body that a consent is for and that an operation was done on:
-- left, right, both, none (neither paired nor to one side), '' not said.
ALTER TABLE consent ADD COLUMN side TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN side TEXT NOT NULL DEFAULT '';
-- The trigger names all that a signed row keeps (00063).
DROP TRIGGER operation_signed_update;
-- +goose StatementBegin
CREATE TRIGGER operation_signed_update BEFORE UPDATE OF id, stay_id, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, root, reason, by_pin, by_name, signed_at, ended_at, assistants, anaesthetist, anaesthesia_record, side ON operation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER operation_signed_update;
-- +goose StatementBegin
CREATE TRIGGER operation_signed_update BEFORE UPDATE OF id, stay_id, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, root, reason, by_pin, by_name, signed_at, ended_at, assistants, anaesthetist, anaesthesia_record ON operation WHEN OLD.signed_at <> 0
BEGIN SELECT RAISE(ABORT, 'a signed record is never changed'); END;
-- +goose StatementEnd
ALTER TABLE operation DROP COLUMN side;
ALTER TABLE consent DROP COLUMN side;
