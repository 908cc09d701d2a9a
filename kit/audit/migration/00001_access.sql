-- +goose Up
CREATE TABLE access_record (
    id           TEXT PRIMARY KEY,
    at           BIGINT NOT NULL,
    subject_pin  TEXT NOT NULL,  -- whose data
    actor_pin    TEXT NOT NULL,  -- who looked; '' for a system acting on a schedule
    actor_name   TEXT NOT NULL,
    actor_role   TEXT NOT NULL,
    organisation TEXT NOT NULL,
    via          TEXT NOT NULL,  -- the system through which
    action       TEXT NOT NULL,  -- translation key of what was done
    purpose      TEXT NOT NULL,  -- translation key or words of why
    object       TEXT NOT NULL,  -- which record, e.g. a stay's id
    request_id   TEXT NOT NULL   -- X-Road-Id where there was one
);
CREATE INDEX access_record_subject ON access_record (subject_pin, at);

-- +goose Down
DROP TABLE access_record;
