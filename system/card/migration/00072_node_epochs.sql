-- +goose Up
-- When the two newest epochs of a node began: two machines that bear one name would
-- take it from each other without end, and the numbers with it.

ALTER TABLE node_peer ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE node_peer ADD COLUMN begun_before BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE node_peer DROP COLUMN begun_before;
ALTER TABLE node_peer DROP COLUMN begun_at;
