-- +goose Up
-- What a node and its centre show of the handing over, who wrote what both have
-- changed, and the copy of НИСУР's doctors (internal/node, internal/directory).

ALTER TABLE node_self ADD COLUMN handed_at BIGINT NOT NULL DEFAULT 0;  -- when the centre last took changes, 0: never
ALTER TABLE node_peer ADD COLUMN handed_at BIGINT NOT NULL DEFAULT 0;  -- when the node last handed some over
ALTER TABLE change_conflict ADD COLUMN patient_id TEXT NOT NULL DEFAULT '';   -- whom the row is about, '' for nobody
ALTER TABLE change_conflict ADD COLUMN ours_by TEXT NOT NULL DEFAULT '';      -- who wrote the centre's value, '' not known
ALTER TABLE change_conflict ADD COLUMN ours_place TEXT NOT NULL DEFAULT '';   -- and in which organisation
ALTER TABLE change_conflict ADD COLUMN theirs_by TEXT NOT NULL DEFAULT '';
ALTER TABLE change_conflict ADD COLUMN theirs_place TEXT NOT NULL DEFAULT '';
CREATE TABLE organisation_staff (      -- doctors and heads, as НИСУР last said
    organisation TEXT PRIMARY KEY,
    data         TEXT NOT NULL,        -- workforceapi.Post as JSON
    asked_at     BIGINT NOT NULL
);

-- +goose Down
DROP TABLE organisation_staff;
ALTER TABLE change_conflict DROP COLUMN theirs_place;
ALTER TABLE change_conflict DROP COLUMN theirs_by;
ALTER TABLE change_conflict DROP COLUMN ours_place;
ALTER TABLE change_conflict DROP COLUMN ours_by;
ALTER TABLE change_conflict DROP COLUMN patient_id;
ALTER TABLE node_peer DROP COLUMN handed_at;
ALTER TABLE node_self DROP COLUMN handed_at;
