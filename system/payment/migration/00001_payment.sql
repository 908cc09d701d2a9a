-- +goose Up
CREATE TABLE charge (
    id         TEXT PRIMARY KEY,
    subsystem  TEXT NOT NULL,       -- X-Road subsystem that charged
    reference  TEXT NOT NULL,       -- its own name for what is charged
    payer      TEXT NOT NULL,       -- ПИН
    amount     BIGINT NOT NULL CHECK (amount > 0), -- tyiyn
    purpose    TEXT NOT NULL,       -- text.Words as JSON
    state      TEXT NOT NULL CHECK (state IN ('due', 'paid')),
    created_at BIGINT NOT NULL,     -- unix microseconds UTC
    paid_at    BIGINT NOT NULL DEFAULT 0,
    UNIQUE (subsystem, reference),
    CHECK ((state = 'paid') = (paid_at > 0))
);

-- +goose Down
DROP TABLE charge;
