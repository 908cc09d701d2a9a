-- +goose Up
-- The console's lists are led through by keys, however long they are.
DROP INDEX incident_state;
CREATE INDEX incident_state ON incident (state, at, id);
CREATE INDEX incident_to_handle ON incident (at, id) WHERE state <> 'closed';
DROP INDEX connected_client_state;
CREATE INDEX connected_client_state ON connected_client (state, id);

-- Sign-ins of the hours that are over, counted once: the operator's statistics add
-- up these and what has come since.
CREATE TABLE visit_count (
    unit    TEXT NOT NULL CHECK (unit IN ('hour', 'day')),
    at      BIGINT NOT NULL,                 -- when the hour or the day of Bishkek began
    method  TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('entered', 'refused')),
    number  BIGINT NOT NULL,
    PRIMARY KEY (unit, at, method, outcome)
);
CREATE TABLE visit_counted (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    until BIGINT NOT NULL                    -- what came before is counted
);
INSERT INTO visit_counted (id, until) VALUES (1, 0);

-- НИСУР told that posts of the person changed: what any process has heard of them
-- before holds no more.
CREATE TABLE post_doubt (
    pin TEXT PRIMARY KEY,
    at  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE post_doubt;
DROP TABLE visit_counted;
DROP TABLE visit_count;
DROP INDEX connected_client_state;
CREATE INDEX connected_client_state ON connected_client (state, created_at);
DROP INDEX incident_to_handle;
DROP INDEX incident_state;
CREATE INDEX incident_state ON incident (state, at);
