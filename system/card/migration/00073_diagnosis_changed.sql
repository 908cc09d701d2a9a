-- +goose Up
-- A diagnosis is changed in one act: the one that stood stays on record with who
-- ended it, why, and what stands instead.

ALTER TABLE diagnosis ADD COLUMN ended_name TEXT NOT NULL DEFAULT '';
ALTER TABLE diagnosis ADD COLUMN end_reason TEXT NOT NULL DEFAULT ''; -- of a change; '' also: withdrawn
ALTER TABLE diagnosis ADD COLUMN replaced_by TEXT NOT NULL DEFAULT ''; -- id of the diagnosis that stands instead; '': none

-- +goose Down
ALTER TABLE diagnosis DROP COLUMN replaced_by;
ALTER TABLE diagnosis DROP COLUMN end_reason;
ALTER TABLE diagnosis DROP COLUMN ended_name;
