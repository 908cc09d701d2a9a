-- +goose Up
-- The register of forms shows which form came before and after, of each stay; so
-- does the stay's own page. Without this every line looked through all forms.

CREATE INDEX form_stay ON form (stay_id);

-- +goose Down
DROP INDEX form_stay;
