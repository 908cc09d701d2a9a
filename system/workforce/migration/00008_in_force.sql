-- +goose Up
-- Until when each version holds, so that what an organisation is on a day is read
-- without asking for each of them which version is the last; sums of a report, which
-- is never changed, beside it.
ALTER TABLE organisation_version ADD COLUMN until_day TEXT NOT NULL DEFAULT '9999-12-31'; -- from then on another version holds
UPDATE organisation_version SET until_day = COALESCE((SELECT MIN(x.from_day) FROM organisation_version x
    WHERE x.organisation = organisation_version.organisation
    AND (x.from_day > organisation_version.from_day OR (x.from_day = organisation_version.from_day AND x.number > organisation_version.number))), '9999-12-31');
CREATE INDEX organisation_version_place ON organisation_version (organisation, from_day, until_day, closed, kind, region);

ALTER TABLE equipment_report ADD COLUMN computers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE equipment_report ADD COLUMN working BIGINT NOT NULL DEFAULT 0;
ALTER TABLE equipment_report ADD COLUMN online BIGINT NOT NULL DEFAULT 0;
ALTER TABLE equipment_report ADD COLUMN printers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE equipment_report ADD COLUMN doctors BIGINT NOT NULL DEFAULT 0;
ALTER TABLE equipment_report ADD COLUMN nurses BIGINT NOT NULL DEFAULT 0;
UPDATE equipment_report SET
    computers = COALESCE((SELECT SUM(l.computers) FROM equipment_line l WHERE l.report = equipment_report.id), 0),
    working = COALESCE((SELECT SUM(l.working) FROM equipment_line l WHERE l.report = equipment_report.id), 0),
    online = COALESCE((SELECT SUM(l.online) FROM equipment_line l WHERE l.report = equipment_report.id), 0),
    printers = COALESCE((SELECT SUM(l.printers) FROM equipment_line l WHERE l.report = equipment_report.id), 0),
    doctors = COALESCE((SELECT SUM(l.doctors) FROM equipment_line l WHERE l.report = equipment_report.id), 0),
    nurses = COALESCE((SELECT SUM(l.nurses) FROM equipment_line l WHERE l.report = equipment_report.id), 0);
DROP INDEX equipment_report_day;
CREATE INDEX equipment_report_latest ON equipment_report (organisation, day, number, created_at, computers, working, online, printers, doctors, nurses);

CREATE INDEX responsible_duty ON responsible (organisation, duty, from_day, until_day, pin);
CREATE INDEX post_holder ON post (organisation, pin, from_day, until_day);

-- +goose Down
DROP INDEX post_holder;
DROP INDEX responsible_duty;
DROP INDEX equipment_report_latest;
CREATE INDEX equipment_report_day ON equipment_report (organisation, day);
ALTER TABLE equipment_report DROP COLUMN nurses;
ALTER TABLE equipment_report DROP COLUMN doctors;
ALTER TABLE equipment_report DROP COLUMN printers;
ALTER TABLE equipment_report DROP COLUMN online;
ALTER TABLE equipment_report DROP COLUMN working;
ALTER TABLE equipment_report DROP COLUMN computers;
DROP INDEX organisation_version_place;
ALTER TABLE organisation_version DROP COLUMN until_day;
