-- +goose Up
-- Systems are found by what their words begin with: each beginning stands here, so
-- that a search reads what fits and no more, whatever order the engine sorts by.
CREATE TABLE client_part (
    part      TEXT NOT NULL,  -- text.Fold of the first letters of a word of the id, a name or an address
    client_id TEXT NOT NULL,
    PRIMARY KEY (part, client_id)
);
CREATE INDEX client_part_client ON client_part (client_id);
ALTER TABLE connected_client ADD COLUMN findable BIGINT NOT NULL DEFAULT 0; -- 1: its parts stand in client_part
CREATE INDEX connected_client_findable ON connected_client (id) WHERE findable = 0;

-- +goose Down
DROP INDEX connected_client_findable;
ALTER TABLE connected_client DROP COLUMN findable;
DROP TABLE client_part;
