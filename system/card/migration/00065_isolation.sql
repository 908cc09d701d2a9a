-- +goose Up
-- That a patient is kept apart: from whom to protect, or whom. One at a time.
CREATE TABLE isolation (
    id         TEXT PRIMARY KEY,
    stay_id    TEXT NOT NULL REFERENCES stay (id),
    kind       TEXT NOT NULL,              -- contact, droplet, airborne, protective
    reason     TEXT NOT NULL,
    by_pin     TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    at         BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0,  -- 0: in force
    ended_by   TEXT NOT NULL DEFAULT '',   -- PIN
    ended_name TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX isolation_in_force ON isolation (stay_id) WHERE ended_at = 0;
CREATE INDEX isolation_stay ON isolation (stay_id, at);

-- +goose Down
DROP TABLE isolation;
