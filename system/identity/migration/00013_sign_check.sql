-- +goose Up
-- Who holds a document asks what signatures there are under it.

CREATE INDEX simple_signature_sha256 ON simple_signature (sha256);

-- +goose Down
DROP INDEX simple_signature_sha256;
