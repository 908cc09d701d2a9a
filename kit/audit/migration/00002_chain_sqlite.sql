-- +goose Up
-- Every access record gets a place in a chain of hashes (chain.go). It is written
-- by its system as before; a trigger notes that it waits, and the sealer takes
-- it from there. Nobody changes or deletes a record or its place.
CREATE TABLE access_waiting (          -- records that have no place yet
    record_id TEXT PRIMARY KEY
);
CREATE TABLE access_link (             -- places in the chain
    sequence   BIGINT PRIMARY KEY,     -- 1, 2, 3… without gap
    record_id  TEXT NOT NULL,
    sealed_at  BIGINT NOT NULL,
    end_known  BIGINT NOT NULL,        -- 0: the chain's end was not as the sealer had left it
    hash       TEXT NOT NULL           -- HMAC over the hash before and the record
);
CREATE UNIQUE INDEX access_link_record ON access_link (record_id);
CREATE TABLE access_chain (            -- the chain's end; locking it makes sealers take turns
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL,
    mac      TEXT NOT NULL             -- HMAC over both, '' before the first record
);
INSERT INTO access_chain (id, sequence, hash, mac) VALUES (1, 0, '', '');
INSERT INTO access_waiting (record_id) SELECT id FROM access_record;

-- +goose StatementBegin
CREATE TRIGGER access_record_waits AFTER INSERT ON access_record
BEGIN INSERT INTO access_waiting (record_id) VALUES (NEW.id); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_record_update BEFORE UPDATE ON access_record
BEGIN SELECT RAISE(ABORT, 'access records are only added'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_record_delete BEFORE DELETE ON access_record
BEGIN SELECT RAISE(ABORT, 'access records are only added'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_link_update BEFORE UPDATE ON access_link
BEGIN SELECT RAISE(ABORT, 'access records are only added'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_link_delete BEFORE DELETE ON access_link
BEGIN SELECT RAISE(ABORT, 'access records are only added'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_waiting_update BEFORE UPDATE ON access_waiting
BEGIN SELECT RAISE(ABORT, 'access records are only added'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_waiting_sealed BEFORE DELETE ON access_waiting
WHEN NOT EXISTS (SELECT 1 FROM access_link WHERE record_id = OLD.record_id)
BEGIN SELECT RAISE(ABORT, 'an access record waits until it has its place'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_chain_delete BEFORE DELETE ON access_chain
BEGIN SELECT RAISE(ABORT, 'the chain of access records goes on'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_chain_back BEFORE UPDATE ON access_chain WHEN NEW.sequence <= OLD.sequence
BEGIN SELECT RAISE(ABORT, 'the chain of access records goes on'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER access_record_waits;
DROP TRIGGER access_record_update;
DROP TRIGGER access_record_delete;
DROP TABLE access_chain;
DROP TABLE access_link;
DROP TABLE access_waiting;
