-- +goose Up
-- A hospital's own node of the card and the centre it hands everything to
-- (docs/decisions/0022). Tables whose name begins with node_ stay where they are.

CREATE TABLE node_self (               -- one row in the database of a node, none at the centre
    id            BIGINT PRIMARY KEY CHECK (id = 1),
    name          TEXT NOT NULL,
    epoch         BIGINT NOT NULL,     -- 0: the centre has not been met yet
    organisations TEXT NOT NULL,       -- codes, by spaces, as the centre says
    phase         TEXT NOT NULL CHECK (phase IN ('new', 'filling', 'ready', 'halted')),
    nonce         TEXT NOT NULL,       -- of a restore that was noticed, '' for none: the centre opens one epoch for it
    witness       TEXT NOT NULL,       -- file outside of the database that remembers what was given
    halt_reason   TEXT NOT NULL,
    acked         BIGINT NOT NULL,     -- last sequence of this epoch that the centre has
    pulled        BIGINT NOT NULL,     -- last sequence of the centre's that is here
    fill_table    TEXT NOT NULL,       -- how far the filling has come
    fill_key      TEXT NOT NULL,
    contact_at    BIGINT NOT NULL,     -- when the centre last answered
    down_since    BIGINT NOT NULL,     -- 0: the line is up
    trouble       TEXT NOT NULL,       -- key of the last failure, for the operator
    held_there    BIGINT NOT NULL      -- changes of ours that wait at the centre for a decision
);
CREATE TABLE node_log (                -- end of the chain of changes
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL
);
INSERT INTO node_log (id, sequence, hash) VALUES (1, 0, '');
CREATE TABLE node_applying (           -- a row of a transaction that writes what came from elsewhere; never committed
    origin TEXT PRIMARY KEY
);

CREATE TABLE node_peer (               -- at the centre: the nodes
    name          TEXT PRIMARY KEY,
    organisations TEXT NOT NULL,
    epoch         BIGINT NOT NULL,
    applied       BIGINT NOT NULL,     -- high-water mark of the epoch
    hash          TEXT NOT NULL,       -- of the change applied last
    nonce         TEXT NOT NULL,       -- of the restore that opened the epoch
    forked        BIGINT NOT NULL,     -- last sequence of the epoch before that both sides had alike
    pulled        BIGINT NOT NULL,     -- what the node has of the centre's
    waiting       BIGINT NOT NULL,     -- changes that the node says it has not handed over
    oldest_at     BIGINT NOT NULL,     -- moment of the oldest of them
    contact_at    BIGINT NOT NULL
);
CREATE TABLE node_taken (              -- at the centre: what it has of whom, to know a repetition from another history
    node     TEXT NOT NULL,
    epoch    BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL,
    PRIMARY KEY (node, epoch, sequence)
);
CREATE TABLE node_alias (              -- at the centre: a person whom the node knows by another id
    node   TEXT NOT NULL,
    tbl    TEXT NOT NULL,
    theirs TEXT NOT NULL,
    ours   TEXT NOT NULL,
    PRIMARY KEY (node, tbl, theirs)
);
CREATE TABLE node_held (               -- changes that the database refused, in order; tried again after every batch
    node     TEXT NOT NULL,            -- who sent it; '' at a node: the centre
    epoch    BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    tbl      TEXT NOT NULL,
    row_key  TEXT NOT NULL,
    content  TEXT NOT NULL,            -- cardapi.Change as JSON
    reason   TEXT NOT NULL,            -- unique, reference, other: for the page
    at       BIGINT NOT NULL,
    PRIMARY KEY (node, epoch, sequence)
);
CREATE INDEX node_held_row ON node_held (node, tbl, row_key);
CREATE TABLE change_conflict (         -- what both sides changed; told to the node like all else
    id           TEXT PRIMARY KEY,
    node         TEXT NOT NULL,
    tbl          TEXT NOT NULL,
    row_key      TEXT NOT NULL,
    col          TEXT NOT NULL,
    base         TEXT NOT NULL,        -- before both; '' where there was none
    ours         TEXT NOT NULL,        -- the centre's value
    theirs       TEXT NOT NULL,        -- the node's
    ours_at      BIGINT NOT NULL,      -- 0: not known
    theirs_at    BIGINT NOT NULL,
    stands       TEXT NOT NULL CHECK (stands IN ('ours', 'theirs')), -- what the row has
    organisation TEXT NOT NULL,        -- whose staff decides
    found_at     BIGINT NOT NULL,
    decided_at   BIGINT NOT NULL,      -- 0: not yet
    decided_by   TEXT NOT NULL,        -- ПИН
    decided_name TEXT NOT NULL
);
CREATE INDEX change_conflict_open ON change_conflict (organisation, decided_at);

CREATE TABLE node_lease (              -- at the centre: ranges of numbers given to nodes; they are its own no more
    request      TEXT PRIMARY KEY,     -- the node's id of what it asked for
    node         TEXT NOT NULL,
    epoch        BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    year         BIGINT NOT NULL,
    first        BIGINT NOT NULL,
    last         BIGINT NOT NULL,
    way          TEXT NOT NULL CHECK (way IN ('line', 'code')),
    granted_at   BIGINT NOT NULL
);
CREATE TABLE node_range (              -- at the node: the ranges it may give numbers from
    request      TEXT PRIMARY KEY,
    epoch        BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    department   TEXT NOT NULL,
    year         BIGINT NOT NULL,
    first        BIGINT NOT NULL,
    last         BIGINT NOT NULL,
    given        BIGINT NOT NULL,      -- last one given; first - 1: none yet
    open         BIGINT NOT NULL,      -- 0: nothing is given from it any more
    granted_at   BIGINT NOT NULL
);
CREATE INDEX node_range_place ON node_range (organisation, department, year, open);

CREATE TABLE node_staff (              -- at the node: who may sign in while ЕСИ is out of reach
    pin          TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    posts        TEXT NOT NULL,        -- workforceapi.Post as JSON, as НИСУР last said
    confirmed_at BIGINT NOT NULL,      -- when it said so
    salt         TEXT NOT NULL,
    secret       TEXT NOT NULL,        -- argon2id of the code
    enrolled_at  BIGINT NOT NULL,
    tries        BIGINT NOT NULL,      -- wrong ones in a row
    locked_until BIGINT NOT NULL
);
CREATE TABLE away_sign_in (            -- sign-ins without ЕСИ, refused ones too; handed to the centre like all else
    id      TEXT PRIMARY KEY,
    node    TEXT NOT NULL,
    pin     TEXT NOT NULL,
    at      BIGINT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('in', 'wrong', 'locked', 'expired'))
);
CREATE INDEX away_sign_in_at ON away_sign_in (at);

-- +goose Down
DROP TABLE away_sign_in;
DROP TABLE node_staff;
DROP TABLE node_range;
DROP TABLE node_lease;
DROP TABLE change_conflict;
DROP TABLE node_held;
DROP TABLE node_alias;
DROP TABLE node_taken;
DROP TABLE node_peer;
DROP TABLE node_applying;
DROP TABLE node_log;
DROP TABLE node_self;
