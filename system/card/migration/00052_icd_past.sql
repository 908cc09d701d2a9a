-- +goose Up
-- What the classification said of a code before an import changed it.

CREATE TABLE icd_past (
    code    TEXT NOT NULL,
    until   BIGINT NOT NULL,           -- moment of the import that changed it
    name    TEXT NOT NULL,
    parent  TEXT NOT NULL,
    usable  BIGINT NOT NULL,
    PRIMARY KEY (code, until)
);

-- +goose Down
DROP TABLE icd_past;
