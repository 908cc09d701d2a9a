-- +goose Up
-- Who answers for roll-out and monitoring of the information systems in an
-- organisation, by its own order (order of the ministry, item 3.1).
CREATE TABLE responsible (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    pin          TEXT NOT NULL,
    person_name  TEXT NOT NULL,
    duty         TEXT NOT NULL CHECK (duty IN ('rollout', 'monitoring')),
    phone        TEXT NOT NULL,
    order_number TEXT NOT NULL,
    order_day    TEXT NOT NULL,
    scan         TEXT NOT NULL,        -- of the order, '' for none
    from_day     TEXT NOT NULL,
    until_day    TEXT NOT NULL,        -- from then on not any more; '' while in force
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL
);
CREATE UNIQUE INDEX responsible_open ON responsible (organisation, pin, duty) WHERE until_day = '';

-- +goose Down
DROP TABLE responsible;
