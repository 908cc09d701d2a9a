-- +goose Up
-- The information system of an organisation's own that sends its cases, beside the card.
CREATE TABLE sender (
    organisation TEXT PRIMARY KEY,
    subsystem    TEXT NOT NULL          -- INSTANCE/CLASS/MEMBER/SUBSYSTEM, encoded
);

-- +goose Down
DROP TABLE sender;
