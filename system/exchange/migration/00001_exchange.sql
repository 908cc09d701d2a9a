-- +goose Up
-- Times are unix microseconds UTC.

CREATE TABLE client_group (            -- several subsystems that get a right together
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE group_member (
    group_code TEXT NOT NULL REFERENCES client_group (code),
    subsystem  TEXT NOT NULL,          -- INSTANCE/CLASS/MEMBER/SUBSYSTEM, encoded
    PRIMARY KEY (group_code, subsystem)
);

CREATE TABLE access_right (            -- what is not here is refused
    subject  TEXT NOT NULL,            -- a subsystem, or group:CODE
    provider TEXT NOT NULL,            -- subsystem
    service  TEXT NOT NULL,            -- service code
    method   TEXT NOT NULL,            -- POST…, or * for any
    path     TEXT NOT NULL,            -- glob: * within a segment, ** anything
    source   TEXT NOT NULL CHECK (source IN ('contract', 'operator')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (subject, provider, service, method, path)
);
CREATE INDEX access_right_service ON access_right (provider, service);

-- The message log (EX-2). Every message has a record when it was taken, before
-- anything is passed on, and one when it was answered, before the answer is
-- given. Records are only added; each holds the hash of the one before, so that
-- none can be changed or taken out unseen. Bodies are not here, they may hold
-- personal data: their hashes are. Signatures and time-stamps over batches will
-- refer to sequences from a table of their own.
CREATE TABLE message_record (
    sequence      BIGINT PRIMARY KEY,  -- 1, 2, 3… without gap
    kind          TEXT NOT NULL CHECK (kind IN ('request', 'response')),
    request_id    TEXT NOT NULL,       -- X-Road-Request-Id: one a message, made here
    query_id      TEXT NOT NULL,       -- X-Road-Id: the client's, the same for a repetition
    client        TEXT NOT NULL,
    provider      TEXT NOT NULL,
    service       TEXT NOT NULL,
    method        TEXT NOT NULL,
    endpoint      TEXT NOT NULL,       -- glob of the right that let it pass; never the path itself
    user_id       TEXT NOT NULL,       -- X-Road-UserId: ПИН, shown to nobody but the person
    issue         TEXT NOT NULL,
    request_hash  TEXT NOT NULL,       -- SHA-512, base64, as X-Road-Request-Hash
    response_hash TEXT NOT NULL,       -- SHA-512 of status, headers and body
    request_bytes  BIGINT NOT NULL,
    response_bytes BIGINT NOT NULL,
    status        BIGINT NOT NULL,     -- HTTP status given to the client, 0 on a request
    error         TEXT NOT NULL,       -- type of the X-Road error, '' when the provider answered
    error_message TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    duration      BIGINT NOT NULL,     -- microseconds
    previous_hash TEXT NOT NULL,
    hash          TEXT NOT NULL
);
CREATE UNIQUE INDEX message_record_request ON message_record (request_id, kind);
CREATE INDEX message_record_query ON message_record (query_id);
CREATE INDEX message_record_started ON message_record (started_at);

CREATE TABLE message_chain (           -- the chain's end; locking it makes writers take turns
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL
);
INSERT INTO message_chain (id, sequence, hash) VALUES (1, 0, '');

CREATE TABLE sighting (                -- how each system was when last looked at
    system     TEXT PRIMARY KEY,
    ready      BIGINT NOT NULL,
    version    TEXT NOT NULL,
    latency    BIGINT NOT NULL,        -- microseconds
    looked_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL         -- when it was last ready; 0: never
);

-- +goose Down
DROP TABLE sighting;
DROP TABLE message_chain;
DROP TABLE message_record;
DROP TABLE access_right;
DROP TABLE group_member;
DROP TABLE client_group;
