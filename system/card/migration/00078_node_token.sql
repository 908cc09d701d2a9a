-- +goose Up
-- A copy of a whole machine beside its original is told apart by what each says at
-- its hello: a token that is replaced every time. Who comes with one that another has
-- replaced is a copy, or was put back.

ALTER TABLE node_self ADD COLUMN token TEXT NOT NULL DEFAULT '';        -- the centre knows us by it
ALTER TABLE node_self ADD COLUMN next_token TEXT NOT NULL DEFAULT '';   -- what replaces it, kept before it is said; '' for none
ALTER TABLE node_self ADD COLUMN other_at BIGINT NOT NULL DEFAULT 0;    -- when another machine last asked under our name, 0: none does
ALTER TABLE node_peer ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE node_peer ADD COLUMN asks TEXT NOT NULL DEFAULT '';         -- nonce of another machine that is stopped and asks to go on, '' for none
ALTER TABLE node_peer ADD COLUMN asks_at BIGINT NOT NULL DEFAULT 0;     -- when it last did
ALTER TABLE node_peer ADD COLUMN allowed TEXT NOT NULL DEFAULT '';      -- nonce of the one that the operator lets go on, '' for none

-- +goose Down
ALTER TABLE node_peer DROP COLUMN allowed;
ALTER TABLE node_peer DROP COLUMN asks_at;
ALTER TABLE node_peer DROP COLUMN asks;
ALTER TABLE node_peer DROP COLUMN token;
ALTER TABLE node_self DROP COLUMN other_at;
ALTER TABLE node_self DROP COLUMN next_token;
ALTER TABLE node_self DROP COLUMN token;
