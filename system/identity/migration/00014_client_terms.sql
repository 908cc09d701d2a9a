-- +goose Up
-- Shorter lifetimes than the system's own, and a nonce in proofs of possession,
-- for clients that ask for them.

ALTER TABLE connected_client ADD COLUMN token_life BIGINT NOT NULL DEFAULT 0;   -- seconds that its ID and access tokens live, 0: as everybody's
ALTER TABLE connected_client ADD COLUMN refresh_life BIGINT NOT NULL DEFAULT 0; -- seconds that its refresh tokens live after a sign-in, 0: as everybody's
ALTER TABLE connected_client ADD COLUMN dpop_nonce BIGINT NOT NULL DEFAULT 0;   -- 1: its proofs must have our nonce (RFC 9449, 8)
