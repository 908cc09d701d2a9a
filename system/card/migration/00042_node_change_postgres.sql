-- +goose Up
-- Changes of every table, written by triggers that the program makes
-- (internal/node/capture) where there are nodes.
CREATE TABLE node_change (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        BIGINT NOT NULL,        -- of the transaction
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

-- The arguments of the trigger are the columns of the table's key.
-- +goose StatementBegin
CREATE FUNCTION node_capture() RETURNS trigger AS $$
DECLARE
    was JSONB; is_now JSONB; row_key TEXT := ''; i INT;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN is_now := to_jsonb(NEW); END IF;
    FOR i IN 0 .. TG_NARGS - 1 LOOP
        row_key := row_key || CASE WHEN i > 0 THEN chr(31) ELSE '' END || COALESCE(COALESCE(is_now, was) ->> TG_ARGV[i], '');
    END LOOP;
    INSERT INTO node_change (xid, at, origin, tbl, row_key, op, before_row, after_row)
    VALUES (pg_current_xact_id()::text::bigint, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
        COALESCE((SELECT origin FROM node_applying LIMIT 1), ''), TG_TABLE_NAME, row_key, left(TG_OP, 1),
        COALESCE(was::text, ''), COALESCE(is_now::text, ''));
    RETURN NULL;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd

-- +goose Down
DROP TABLE node_change;
DROP FUNCTION node_capture() CASCADE;
