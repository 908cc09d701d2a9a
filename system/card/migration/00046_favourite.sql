-- +goose Up
-- Diagnoses that a doctor has marked as their own favourites. What they write
-- most is counted from the diagnoses themselves.

CREATE TABLE diagnosis_favourite (
    pin      TEXT NOT NULL,            -- of the doctor
    code     TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (pin, code)
);
CREATE INDEX diagnosis_by ON diagnosis (by_pin, at);

-- +goose Down
DROP INDEX diagnosis_by;
DROP TABLE diagnosis_favourite;
