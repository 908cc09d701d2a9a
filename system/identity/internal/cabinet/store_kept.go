package cabinet

// keptTables is what the rooms without words of their own for it keep. No secret is
// among it: of keys and codes their names and dates, of tokens none. A test walks
// the tables and finds what is missing here.
var keptTables = []table{
	{"passkeys", `SELECT name, created_at, used_at, suspect_at, suspended_at FROM passkey WHERE account_id = $1 ORDER BY created_at, id`},
	{"backup_codes", `SELECT created_at, used_at, suspended_at FROM backup_code WHERE account_id = $1 ORDER BY created_at, hash`},
	{"devices", `SELECT name, agent, created_at, seen_at FROM device WHERE account_id = $1 ORDER BY created_at, id`},
	{"browsers", `SELECT seen_at FROM known_browser WHERE account_id = $1 ORDER BY seen_at, browser_hash`},
	{"set_up", `SELECT step, changed_at FROM setup WHERE account_id = $1`},
	{"permissions", `SELECT client_id AS system, offline, revoked_at, expires_at FROM permission WHERE account_id = $1 ORDER BY expires_at, id`},
	{"registrations", `SELECT state, lang, pin, passport, person AS register_json, doubt, claim AS claim_json, agreement AS version, agreement_lang, agreed_at, phone, phone_at, email, email_at,
		photo_at, photo_refused, photo_doubt, proof, asked_at, decided_at, decided_name, reason, created_at FROM registration WHERE account_id = $1 ORDER BY created_at, id`},
	{"photos", `SELECT kind, id, measured AS measured_json, created_at, delete_at, sealed AS jpeg FROM photo WHERE account_id = $1 ORDER BY created_at, id`},
	{"signatures", `SELECT client AS system, reference, title AS title_json, sha256, document, state, asked_at, decided_at, signature AS signature_json FROM simple_signature
		WHERE account_id = $1 ORDER BY asked_at, id`},
	{"systems", `SELECT id, name_ky, name_ru, name_en, address, redirects, scopes, state, reason, created_at, changed_at FROM connected_client WHERE owner_id = $1 ORDER BY created_at, id`},
	{"looks", `SELECT at, reason, expires_at FROM console_look WHERE account_id = $1 ORDER BY at, id`},
}
