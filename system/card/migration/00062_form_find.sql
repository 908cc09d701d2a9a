-- +goose Up
-- What statisticians search for in the register of forms: a code tells of an
-- illness and a number of a person, so the address of the found page names this
-- row instead of them. Rows are gone a day later.

CREATE TABLE form_find (
    id     TEXT PRIMARY KEY,
    pin    TEXT NOT NULL,            -- who searches; the page is for nobody else
    code   TEXT NOT NULL,            -- how the code of ICD-10 begins, '' any
    number TEXT NOT NULL,            -- how the number of the form begins, '' any
    at     BIGINT NOT NULL
);
CREATE INDEX form_find_at ON form_find (at);

-- +goose Down
DROP TABLE form_find;
