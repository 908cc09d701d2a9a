-- +goose Up
-- Acts are listed from month to month, of every hospital; those of one have the key of
-- their numbers.
CREATE INDEX act_list ON act (month DESC, organisation, sequence DESC) WHERE sequence > 0;
-- Words that say that a name is not known are none, by which nobody is found.
UPDATE treated_case SET person = '' WHERE person LIKE 'белгисиз%' OR person LIKE 'неизвестн%' OR person LIKE 'не установлен%' OR person LIKE 'неустановлен%' OR person LIKE 'unknown%';

-- +goose Down
DROP INDEX act_list;
