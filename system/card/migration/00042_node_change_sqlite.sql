-- +goose Up
-- Changes of every table, written by triggers that the program makes
-- (internal/node/capture) where there are nodes.
CREATE TABLE node_change (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    xid        BIGINT NOT NULL,        -- of PostgreSQL's transaction
    sequence   BIGINT NOT NULL DEFAULT 0, -- place in the order of all, 0: none yet
    hash       TEXT NOT NULL DEFAULT '',
    at         BIGINT NOT NULL,
    origin     TEXT NOT NULL,          -- '' made here, else who sent it
    tbl        TEXT NOT NULL,
    row_key    TEXT NOT NULL,
    op         TEXT NOT NULL,          -- I, U, D
    before_row TEXT NOT NULL,          -- JSON, '' for I
    after_row  TEXT NOT NULL           -- JSON, '' for D
);
CREATE UNIQUE INDEX node_change_order ON node_change (sequence) WHERE sequence <> 0;
CREATE INDEX node_change_new ON node_change (id) WHERE sequence = 0;
CREATE INDEX node_change_row ON node_change (tbl, row_key);

-- +goose Down
DROP TABLE node_change;
