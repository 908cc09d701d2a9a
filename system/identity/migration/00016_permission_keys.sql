-- +goose Up
-- Each sign-in writes a row of permission into the table and into every index of
-- it. Most have no refresh token and no device, and a session's are found through
-- its person: three of the seven go.
ALTER TABLE permission RENAME TO permission_before;
DROP INDEX permission_sid;
DROP INDEX permission_account;
DROP INDEX permission_device;
CREATE TABLE permission (                        -- what was granted to a system: codes and tokens hang on it
    id           TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL,              -- '' for a machine
    client_id    TEXT NOT NULL,
    sid          TEXT NOT NULL,
    offline      BIGINT NOT NULL,            -- 1: outlives the session
    version      BIGINT NOT NULL,            -- compare-and-set: a code or refresh token is used once
    code_hash    TEXT UNIQUE,
    refresh_hash TEXT,
    device_hash  TEXT,
    revoked_at   BIGINT NOT NULL DEFAULT 0,
    data         TEXT NOT NULL,              -- the library's grant as JSON, its refresh token sealed
    expires_at   BIGINT NOT NULL
);
INSERT INTO permission (id, account_id, client_id, sid, offline, version, code_hash, refresh_hash, device_hash, revoked_at, data, expires_at)
    SELECT id, account_id, client_id, sid, offline, version, code_hash, refresh_hash, device_hash, revoked_at, data, expires_at FROM permission_before;
DROP TABLE permission_before;
CREATE INDEX permission_account ON permission (account_id, client_id);
CREATE UNIQUE INDEX permission_refresh ON permission (refresh_hash) WHERE refresh_hash IS NOT NULL;
CREATE UNIQUE INDEX permission_device ON permission (device_hash) WHERE device_hash IS NOT NULL;

-- +goose Down
DROP INDEX permission_refresh;
DROP INDEX permission_device;
CREATE INDEX permission_sid ON permission (sid);
CREATE UNIQUE INDEX permission_refresh ON permission (refresh_hash);
CREATE UNIQUE INDEX permission_device ON permission (device_hash);
