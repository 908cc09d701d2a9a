-- +goose Up
-- After "this was not me": what was added lately is put aside until the person
-- has looked at it; and one table of incidents where there were two.

ALTER TABLE account ADD COLUMN phone_at BIGINT NOT NULL DEFAULT 0;    -- since when the account has it; 0: as long as the account is there
ALTER TABLE account ADD COLUMN email_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN telegram_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN totp_at BIGINT NOT NULL DEFAULT 0;
UPDATE account SET
    phone_at = COALESCE((SELECT MAX(e.at) FROM security_event e WHERE e.account_id = account.id AND e.kind = 'contact_changed' AND e.detail LIKE '+%'), 0),
    email_at = COALESCE((SELECT MAX(e.at) FROM security_event e WHERE e.account_id = account.id AND e.kind = 'contact_changed' AND e.detail LIKE '%@%'), 0),
    telegram_at = COALESCE((SELECT MAX(e.at) FROM security_event e WHERE e.account_id = account.id AND e.kind = 'factor_added' AND e.detail = 'Telegram'), 0),
    totp_at = COALESCE((SELECT MAX(e.at) FROM security_event e WHERE e.account_id = account.id AND e.kind = 'factor_added' AND e.detail = 'TOTP'), 0);

ALTER TABLE passkey ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;     -- put aside then: it opens nothing
ALTER TABLE backup_code ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0; -- put aside then: it opens nothing

CREATE TABLE suspended (                     -- what was put aside, and what became of it
    id           TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL REFERENCES account (id),
    event_id     TEXT NOT NULL,              -- of security_event: what was disowned
    kind         TEXT NOT NULL CHECK (kind IN ('phone', 'email', 'telegram', 'totp', 'passkey', 'backup', 'device')),
    reference    TEXT NOT NULL,              -- which passkey or device, '' for what an account has once
    detail       TEXT NOT NULL,              -- words for the person, masked
    value        TEXT NOT NULL,              -- what the account is given back; '' when nothing is, and once it was decided
    added_at     BIGINT NOT NULL,
    suspended_at BIGINT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'kept', 'removed')),
    decided_at   BIGINT NOT NULL DEFAULT 0,
    decided_by   TEXT NOT NULL DEFAULT ''    -- 'person', 'recovery', 'closing', or the ПИН of an operator
);
CREATE INDEX suspended_account ON suspended (account_id, state);

ALTER TABLE incident ADD COLUMN number TEXT NOT NULL DEFAULT ''; -- what the person tells the operator
ALTER TABLE incident ADD COLUMN about TEXT NOT NULL DEFAULT '';  -- of 'disowned': the kind of security_event that was disowned
UPDATE incident SET number = UPPER(SUBSTR(id, LENGTH(id) - 7));
UPDATE incident SET
    number = COALESCE((SELECT UPPER(SUBSTR(s.id, LENGTH(s.id) - 7)) FROM security_incident s WHERE s.event_id = incident.reference), number),
    about = COALESCE((SELECT e.kind FROM security_event e WHERE e.id = incident.reference), ''),
    detail = COALESCE((SELECT e.agent || CASE WHEN e.agent <> '' AND e.address <> '' THEN ' · ' ELSE '' END || e.address FROM security_event e WHERE e.id = incident.reference), detail)
WHERE kind = 'disowned';
INSERT INTO incident (id, kind, reference, account_id, detail, at, state, version, number, about)
SELECT s.id, 'disowned', s.event_id, s.account_id,
    COALESCE((SELECT e.agent || CASE WHEN e.agent <> '' AND e.address <> '' THEN ' · ' ELSE '' END || e.address FROM security_event e WHERE e.id = s.event_id), ''),
    s.opened_at, CASE s.state WHEN 'handling' THEN 'working' ELSE s.state END, 0, UPPER(SUBSTR(s.id, LENGTH(s.id) - 7)), s.kind
FROM security_incident s WHERE NOT EXISTS (SELECT 1 FROM incident i WHERE i.kind = 'disowned' AND i.reference = s.event_id);
-- Of two that were handled apart the one further on counts.
UPDATE incident SET version = version + 1, state = (SELECT CASE s.state WHEN 'handling' THEN 'working' ELSE s.state END FROM security_incident s WHERE s.event_id = incident.reference)
WHERE kind = 'disowned' AND EXISTS (SELECT 1 FROM security_incident s WHERE s.event_id = incident.reference
    AND (s.state = 'closed' AND incident.state <> 'closed' OR s.state = 'handling' AND incident.state = 'open'));
INSERT INTO incident_step (id, incident_id, at, by_pin, by_name, state, note)
SELECT 'step-' || s.id, i.id, CASE WHEN s.closed_at > 0 THEN s.closed_at ELSE s.opened_at END, s.handled_by,
    COALESCE((SELECT a.family_name || ' ' || a.given_name FROM account a WHERE a.pin = s.handled_by), s.handled_by),
    CASE s.state WHEN 'handling' THEN 'working' ELSE s.state END, s.note
FROM security_incident s JOIN incident i ON i.kind = 'disowned' AND i.reference = s.event_id WHERE s.handled_by <> '';
CREATE INDEX incident_account ON incident (account_id, at);
CREATE INDEX incident_number ON incident (number);
DROP TABLE security_incident;

-- +goose Down
CREATE TABLE security_incident (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    event_id   TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'handling', 'closed')),
    opened_at  BIGINT NOT NULL,
    handled_by TEXT NOT NULL,
    note       TEXT NOT NULL,
    closed_at  BIGINT NOT NULL
);
CREATE INDEX security_incident_state ON security_incident (state, opened_at);
CREATE INDEX security_incident_account ON security_incident (account_id);
INSERT INTO security_incident (id, account_id, event_id, kind, state, opened_at, handled_by, note, closed_at)
SELECT i.id, i.account_id, i.reference, i.about, CASE i.state WHEN 'working' THEN 'handling' ELSE i.state END, i.at,
    COALESCE((SELECT MAX(s.by_pin) FROM incident_step s WHERE s.incident_id = i.id), ''),
    COALESCE((SELECT MAX(s.note) FROM incident_step s WHERE s.incident_id = i.id AND s.state = 'closed'), ''),
    CASE i.state WHEN 'closed' THEN COALESCE((SELECT MAX(s.at) FROM incident_step s WHERE s.incident_id = i.id AND s.state = 'closed'), i.at) ELSE 0 END
FROM incident i WHERE i.kind = 'disowned';
DROP INDEX incident_number;
DROP INDEX incident_account;
ALTER TABLE incident DROP COLUMN about;
ALTER TABLE incident DROP COLUMN number;
DROP TABLE suspended;
ALTER TABLE backup_code DROP COLUMN suspended_at;
ALTER TABLE passkey DROP COLUMN suspended_at;
ALTER TABLE account DROP COLUMN totp_at;
ALTER TABLE account DROP COLUMN telegram_at;
ALTER TABLE account DROP COLUMN email_at;
ALTER TABLE account DROP COLUMN phone_at;
