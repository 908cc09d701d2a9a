-- +goose Up
-- What members of staff search for in a case history: the words may tell of an
-- illness, so the address of the found page names this row instead of them. Rows
-- are gone a day later.

CREATE TABLE history_find (
    id      TEXT PRIMARY KEY,
    stay_id TEXT NOT NULL,
    pin     TEXT NOT NULL,            -- who searches; the page is for nobody else
    words   TEXT NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX history_find_at ON history_find (at);

-- +goose Down
DROP TABLE history_find;
