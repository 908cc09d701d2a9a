-- +goose Up
-- Every access record gets a place in a chain of hashes (chain.go). It is written
-- by its system as before; a trigger notes that it waits, and the sealer takes
-- it from there. Nobody changes or deletes a record or its place.
LOCK TABLE access_record IN SHARE ROW EXCLUSIVE MODE; -- none is added between the copy below and the trigger
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
CREATE FUNCTION access_record_waits() RETURNS trigger AS $$ BEGIN
    INSERT INTO access_waiting (record_id) VALUES (NEW.id);
    RETURN NULL;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION access_refuse() RETURNS trigger AS $$ BEGIN
    RAISE EXCEPTION 'access records are only added' USING ERRCODE = '23001';
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION access_waiting_sealed() RETURNS trigger AS $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM access_link WHERE record_id = OLD.record_id) THEN
        RAISE EXCEPTION 'an access record waits until it has its place' USING ERRCODE = '23001';
    END IF;
    RETURN OLD;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION access_chain_on() RETURNS trigger AS $$ BEGIN
    IF NEW.sequence <= OLD.sequence THEN
        RAISE EXCEPTION 'the chain of access records goes on' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER access_record_waits AFTER INSERT ON access_record FOR EACH ROW EXECUTE FUNCTION access_record_waits();
CREATE TRIGGER access_record_kept BEFORE UPDATE OR DELETE ON access_record FOR EACH ROW EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_record_whole BEFORE TRUNCATE ON access_record FOR EACH STATEMENT EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_link_kept BEFORE UPDATE OR DELETE ON access_link FOR EACH ROW EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_link_whole BEFORE TRUNCATE ON access_link FOR EACH STATEMENT EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_waiting_kept BEFORE UPDATE ON access_waiting FOR EACH ROW EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_waiting_sealed BEFORE DELETE ON access_waiting FOR EACH ROW EXECUTE FUNCTION access_waiting_sealed();
CREATE TRIGGER access_waiting_whole BEFORE TRUNCATE ON access_waiting FOR EACH STATEMENT EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_chain_on BEFORE UPDATE ON access_chain FOR EACH ROW EXECUTE FUNCTION access_chain_on();
CREATE TRIGGER access_chain_kept BEFORE DELETE ON access_chain FOR EACH ROW EXECUTE FUNCTION access_refuse();
CREATE TRIGGER access_chain_whole BEFORE TRUNCATE ON access_chain FOR EACH STATEMENT EXECUTE FUNCTION access_refuse();

-- +goose Down
DROP TRIGGER access_record_waits ON access_record;
DROP TRIGGER access_record_kept ON access_record;
DROP TRIGGER access_record_whole ON access_record;
DROP TABLE access_chain;
DROP TABLE access_link;
DROP TABLE access_waiting;
DROP FUNCTION access_record_waits();
DROP FUNCTION access_refuse();
DROP FUNCTION access_waiting_sealed();
DROP FUNCTION access_chain_on();
