-- +goose Up
CREATE TABLE job (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    unique_key  TEXT UNIQUE,            -- NULL: any number of them
    subject     TEXT NOT NULL DEFAULT '', -- what it is about, for the operator: never a person's data
    state       TEXT NOT NULL CHECK (state IN ('ready', 'running', 'done', 'failed')),
    attempts    BIGINT NOT NULL DEFAULT 0,
    run_at      BIGINT NOT NULL,
    lease       TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX job_due ON job (state, run_at);

-- +goose Down
DROP TABLE job;
