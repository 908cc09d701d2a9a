-- +goose Up
-- What clinic and maternity hospital sign is never changed or deleted.
CREATE TRIGGER antenatal_part_signed BEFORE UPDATE OR DELETE ON antenatal_part FOR EACH ROW EXECUTE FUNCTION refuse_signed();
CREATE TRIGGER confinement_part_signed BEFORE UPDATE OR DELETE ON confinement_part FOR EACH ROW EXECUTE FUNCTION refuse_signed();
CREATE TRIGGER tear_off_signed BEFORE UPDATE OR DELETE ON tear_off FOR EACH ROW EXECUTE FUNCTION refuse_signed();

-- +goose Down
DROP TRIGGER tear_off_signed ON tear_off;
DROP TRIGGER confinement_part_signed ON confinement_part;
DROP TRIGGER antenatal_part_signed ON antenatal_part;
