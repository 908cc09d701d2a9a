-- +goose Up
CREATE TABLE price_table (              -- tables of groups and rates that were imported; never changed
    id          TEXT PRIMARY KEY,
    trial       BIGINT NOT NULL,        -- 1: only for comparing, in force on no day
    content     TEXT NOT NULL,          -- price.Table as JSON
    file        TEXT NOT NULL,          -- name of the file it came from
    imported_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE price_table;
