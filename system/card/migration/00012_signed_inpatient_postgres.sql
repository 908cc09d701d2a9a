-- +goose Up
-- Lines of the temperature sheet and answers are signed when written: never changed or deleted.
CREATE TRIGGER observation_signed BEFORE UPDATE OR DELETE ON observation FOR EACH ROW EXECUTE FUNCTION refuse_signed();
CREATE TRIGGER answer_signed BEFORE UPDATE OR DELETE ON answer FOR EACH ROW EXECUTE FUNCTION refuse_signed();

-- +goose Down
DROP TRIGGER answer_signed ON answer;
DROP TRIGGER observation_signed ON observation;
