package identity_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
)

// personColumns are the columns by which a row is somebody's.
var personColumns = []string{"account_id", "owner_id", "pin", "subject_pin", "actor_pin", "operator_pin", "by_pin", "decided_by", "answered_by", "granted_by"}

// inTheFile says in which part of a person's file a table's rows are.
var inTheFile = map[string]string{
	"account": "account", "agreement": "agreements", "consent": "consents", "sso_session": "sessions", "visit": "sign_ins", "security_event": "events",
	"incident": "incidents", "incident_step": "incidents", "suspended": "suspended", "organisation_member": "organisations", "access_record": "accesses",
	"passkey": "passkeys", "backup_code": "backup_codes", "device": "devices", "known_browser": "browsers", "setup": "set_up", "permission": "permissions",
	"registration": "registrations", "photo": "photos", "simple_signature": "signatures", "connected_client": "systems", "console_look": "looks",
}

// notInTheFile are the tables that are not, each with the reason.
var notInTheFile = map[string]string{
	"entry":               "a sign-in under way, gone within the hour",
	"flow":                "a system's request under way, gone within hours; what came of it is a sign-in, a consent and an access",
	"authenticator_offer": "a secret on its way to an app, gone within the hour",
	"telegram_link":       "a link on its way to a messenger, gone within the hour",
	"phone_request":       "a QR code under way, gone within minutes; what came of it is a sign-in",
	"recovery":            "a recovery under way, gone within hours, by whoever typed the ПИН; what came of it is an event",
	"post_doubt":          "that НИСУР was to be asked anew of one's posts, which are НИСУР's and theirs to show",
	"newcomer":            "has no account yet, gone within the hour",
}

// Whatever table is added, what it keeps of a person goes into their file, or
// somebody has given a reason why not (ID-9).
func TestTheFileHoldsEveryTableThatKeepsSomethingOfAPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		d := h.db()
		defer d.Close()
		query := `SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name IN ('` + strings.Join(personColumns, "', '") + `')`
		if d.Dialect == db.SQLite {
			query = `SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name IN ('` + strings.Join(personColumns, "', '") + `')`
		}
		rows, err := d.Read.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var tables []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			tables = append(tables, name)
		}
		if err := rows.Err(); err != nil || len(tables) < 20 {
			t.Fatal(tables, err)
		}
		b := h.browser()
		h.enter(b, h.card, demo.Doctor, "remember", "1")
		key := h.passkey(b)
		h.rowsOfAll(d)
		p := b.post(h.base+"/security/data", url.Values{"format": {"json"}}).must(http.StatusOK)
		var file map[string]json.RawMessage
		if err := json.Unmarshal([]byte(p.body), &file); err != nil {
			t.Fatal(err, p.body)
		}
		for _, table := range tables {
			part, is := inTheFile[table]
			switch _, reasoned := notInTheFile[table]; {
			case is == reasoned:
				t.Errorf("%s keeps something of a person and is neither in the file nor left out with a reason (or is both)", table)
			case is && file[part] == nil:
				t.Errorf("%s is said to be in %s, which the file does not have", table, part)
			}
		}
		for table := range notInTheFile {
			if !slices.Contains(tables, table) {
				t.Errorf("%s is no table", table)
			}
		}
		for part, want := range map[string]string{
			"passkeys": `"name":"Ключ"`, "backup_codes": `"created_at":"20`, "devices": `"name":"Телефон"`, "browsers": `"seen_at":"20`, "permissions": `"system":"card"`,
			"registrations": `"passport":"ID1234567"`, "signatures": `"sha256":"abc"`, "systems": `"name_ru":"Система"`, "looks": `"reason":"обращение"`,
		} {
			if !strings.Contains(string(file[part]), want) {
				t.Errorf("%s has no %s: %s", part, want, file[part])
			}
		}
		for _, secret := range []string{b64(key.id), "argon2id", "the-hash", "the-secret", "public_key", "publicKey"} {
			if strings.Contains(p.body, secret) {
				t.Errorf("the file holds %s", secret)
			}
		}
		html := b.post(h.base+"/security/data", url.Values{"format": {"html"}}).must(http.StatusOK, "Ключи доступа", "Регистрации и проверка личности", "ID1234567")
		if strings.Contains(html.body, "[identity.") || strings.Contains(html.body, "the-hash") {
			t.Error(html.body)
		}
		// Another's file has none of it.
		other := h.atHome(demo.Surgeon)
		if p := other.post(h.base+"/security/data", url.Values{"format": {"json"}}).must(http.StatusOK); strings.Contains(p.body, "ID1234567") || strings.Contains(p.body, `"Ключ"`) {
			t.Error(p.body)
		}
	})
}

// rowsOfAll writes, of the doctor, a row into each table that the pages of this
// test do not fill.
func (h *house) rowsOfAll(d *db.DB) {
	h.t.Helper()
	now := db.Micros(h.clock.Now())
	for _, statement := range []string{
		`INSERT INTO backup_code (account_id, hash, created_at) SELECT id, 'the-hash', $2 FROM account WHERE pin = $1`,
		`INSERT INTO device (id, account_id, name, agent, secret_hash, pin, created_at, seen_at) SELECT 'd', id, 'Телефон', 'Chrome', 'the-hash', 'the-secret', $2, $2 FROM account WHERE pin = $1`,
		`INSERT INTO registration (id, token_hash, state, version, lang, flow, pin, passport, person, doubt, claim, agreement, agreement_lang, agreed_at, phone, phone_at, email, email_at, photo_id, photo_at,
			photo_refused, photo_doubt, document_id, account_id, proof, asked_at, decided_at, decided_by, decided_name, reason, created_at, expires_at)
			SELECT 'r', 'the-hash', 'finished', 0, 'ky', '', pin, 'ID1234567', '{"pin":"1"}', '', '', '', '', 0, '', 0, '', 0, '', 0, 0, '', '', id, 'approved', $2, $2, '', 'Оператор', '', $2, $2 FROM account WHERE pin = $1`,
		`INSERT INTO simple_signature (id, client, reference, account_id, title, sha256, document, return_to, state, asked_at, expires_at) SELECT 's', 'portal', '1', id, '{"ky":"Арыз"}', 'abc', '', '', 'asked', $2, $2 FROM account WHERE pin = $1`,
		`INSERT INTO connected_client (id, owner_id, name_ky, name_ru, name_en, address, redirects, post_logout, back_channel, front_channel, scopes, grants, method, secret_hash, jwks, profile, pairwise, opaque, alg, state, created_at, changed_at)
			SELECT 'c', id, 'Система', 'Система', 'System', '', '', '', '', '', '', '', 'none', 'the-hash', '', 'plain', 0, 0, 'RS256', 'test', $2, $2 FROM account WHERE pin = $1`,
		`INSERT INTO console_look (id, operator_pin, account_id, reason, at, expires_at) SELECT 'l', '2', id, 'обращение', $2, $2 FROM account WHERE pin = $1`,
	} {
		h.exec(d, statement, demo.Doctor.PIN, now)
	}
}
