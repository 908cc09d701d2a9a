-- +goose Up
-- Why a chief physician opened a stay that is no patient of theirs.
CREATE TABLE reading_reason (
    id      TEXT PRIMARY KEY,
    stay_id TEXT NOT NULL REFERENCES stay (id),
    pin     TEXT NOT NULL,              -- of who reads
    reason  TEXT NOT NULL,              -- quality, complaint, incident, council
    note    TEXT NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX reading_reason_stay ON reading_reason (stay_id, pin, at);

-- +goose Down
DROP TABLE reading_reason;
