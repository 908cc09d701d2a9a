-- +goose Up
-- Forms of one name in one hospital of which an expert of the fund has confirmed that
-- they are of two people: they stand in each other's way no more. A pair has two rows.
CREATE TABLE person_apart (
    number  TEXT NOT NULL,              -- of one form
    other   TEXT NOT NULL,              -- of the other one
    named   TEXT NOT NULL,              -- the name they have in common, as it is compared: under another it says nothing
    by_pin  TEXT NOT NULL,
    by_name TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (number, other)
);

-- +goose Down
DROP TABLE person_apart;
