-- +goose Up
-- What a form makes and the page after it shows this once: a set of backup codes,
-- a link to the bot, the secret of a connected system. Loading the page again
-- makes nothing anew.
CREATE TABLE shown (
    sid        TEXT NOT NULL,                -- the session in which it was made: nobody else sees it
    what       TEXT NOT NULL,                -- which page shows it
    content    TEXT NOT NULL,                -- sealed
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (sid, what)
);

-- +goose Down
DROP TABLE shown;
