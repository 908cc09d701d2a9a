-- +goose Up
-- Times are unix microseconds UTC, flags 0 and 1.

CREATE TABLE message (
    id         TEXT PRIMARY KEY,
    sender     TEXT NOT NULL,      -- system that sent it: "card"
    sender_id  TEXT NOT NULL,      -- its own ID of the message
    digest     TEXT NOT NULL,      -- SHA-256 of the content as it came: tells a repetition from a mistake
    pin        TEXT NOT NULL,      -- '' for a message to an address alone
    subject    TEXT NOT NULL,      -- text.Words as JSON; '' once erased
    body       TEXT NOT NULL,
    lang       TEXT NOT NULL,      -- '' the person's own
    link       TEXT NOT NULL,
    secret     BIGINT NOT NULL,
    mailbox    BIGINT NOT NULL,    -- 1: in the person's mailbox
    created_at BIGINT NOT NULL,
    read_at    BIGINT NOT NULL DEFAULT 0,
    erased_at  BIGINT NOT NULL DEFAULT 0,
    UNIQUE (sender, sender_id)
);
CREATE INDEX message_mailbox ON message (pin, created_at);

CREATE TABLE delivery (
    id           TEXT PRIMARY KEY,
    message_id   TEXT NOT NULL REFERENCES message (id),
    channel      TEXT NOT NULL CHECK (channel IN ('mailbox', 'email', 'sms', 'telegram')),
    address      TEXT NOT NULL,    -- '' asked from ЕСИ when it is delivered
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'unreachable', 'failed')),
    tries        BIGINT NOT NULL DEFAULT 0,
    reason       TEXT NOT NULL DEFAULT '', -- code of why it is unreachable or failed
    created_at   BIGINT NOT NULL,
    tried_at     BIGINT NOT NULL DEFAULT 0,
    delivered_at BIGINT NOT NULL DEFAULT 0,
    UNIQUE (message_id, channel)
);

CREATE TABLE inbox (               -- the demo's: what would have reached phones and mail programs
    id      TEXT PRIMARY KEY,      -- the delivery's: arriving twice is being there once
    at      BIGINT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL,
    link    TEXT NOT NULL
);
CREATE INDEX inbox_at ON inbox (at);

-- +goose Down
DROP TABLE inbox;
DROP TABLE delivery;
DROP TABLE message;
