package migration_test

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// until is ЕСИ's set as it was before the file.
func until(t *testing.T, file string) []db.Set {
	t.Helper()
	whole := migration.Sets[len(migration.Sets)-1]
	some := fstest.MapFS{}
	entries, err := fs.ReadDir(whole.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() >= file {
			continue
		}
		data, err := fs.ReadFile(whole.Files, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		some[e.Name()] = &fstest.MapFile{Data: data}
	}
	return []db.Set{job.Migration, audit.Migration, {Name: whole.Name, Files: some}}
}

// The incidents of the two tables become one table's: none is lost, none is there
// twice, the number that a person was told still finds it, and of two that were
// handled apart the one further on counts.
func TestTheTwoTablesOfIncidentsBecomeOne(t *testing.T) {
	dbtest.Each(t, "identity", until(t, "00012"), func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(_ context.Context, tx *sql.Tx) error {
			for _, statement := range strings.Split(`
				INSERT INTO account (id, pin, family_name, given_name, patronymic, sex, birth_date, citizenship, email, email_verified, phone, phone_verified, lang, password, totp, created_at)
					VALUES ('a', '20101199900999', 'Асанова', 'Айгүл', '', 'female', '1999-01-01', 'KGZ', 'a@b.kg', 1, '+996700100123', 1, 'ky', '', 'sealed', 1);
				INSERT INTO security_event (id, account_id, kind, detail, at, agent, address, email, phone, telegram) VALUES
					('e1', 'a', 'new_browser', '', 5, 'Chrome · Android', '203.0.113.9', '', '', ''), ('e2', 'a', 'factor_added', 'TOTP', 7, '', '', '', '', ''),
					('e3', 'a', 'contact_changed', '+996 ••• •••123', 8, '', '203.0.113.9', '', '', ''), ('e4', 'a', 'contact_changed', 'a•••@b.kg', 9, '', '', '', '', '');
				INSERT INTO security_incident (id, account_id, event_id, kind, state, opened_at, handled_by, note, closed_at) VALUES
					('0000-aaaabbbb', 'a', 'e1', 'new_browser', 'open', 10, '', '', 0), ('0000-ccccdddd', 'a', 'e2', 'factor_added', 'handling', 11, '20101199900999', '', 0),
					('0000-eeeeffff', 'a', 'e3', 'contact_changed', 'closed', 12, '20101199900999', 'поговорили', 20);
				INSERT INTO incident (id, kind, reference, account_id, detail, at, state, version) VALUES
					('1111-11112222', 'disowned', 'e1', 'a', 'new_browser · Chrome · Android · 203.0.113.9', 10, 'working', 3),
					('1111-33334444', 'disowned', 'e3', 'a', 'contact_changed · 203.0.113.9', 12, 'open', 0),
					('1111-55556666', 'spray', '203.0.113.9 2026-11-22', '', '203.0.113.9 · 9 × 8', 13, 'open', 0);
				INSERT INTO incident_step (id, incident_id, at, by_pin, by_name, state, note) VALUES ('s1', '1111-11112222', 11, '2', 'Оператор', 'working', 'звоню')`, ";\n") {
				if _, err := tx.ExecContext(t.Context(), statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(t.Context(), migration.Sets...); err != nil {
			t.Fatal(err)
		}
		for reference, want := range map[string]string{
			"e1":                     "AAAABBBB working new_browser Chrome · Android · 203.0.113.9 1",
			"e2":                     "CCCCDDDD working factor_added  1",
			"e3":                     "EEEEFFFF closed contact_changed 203.0.113.9 1",
			"203.0.113.9 2026-11-22": "55556666 open  203.0.113.9 · 9 × 8 0",
		} {
			var got string
			if err := d.Read.QueryRowContext(t.Context(), `SELECT i.number || ' ' || i.state || ' ' || i.about || ' ' || i.detail || ' ' || (SELECT COUNT(*) FROM incident_step s WHERE s.incident_id = i.id)
				FROM incident i WHERE i.reference = $1`, reference).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %q, not %q (%v)", reference, got, want, err)
			}
		}
		var all int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM incident`).Scan(&all); err != nil || all != 4 {
			t.Errorf("%d incidents, %v", all, err)
		}
		var phone, email, totp, telegram int64
		if err := d.Read.QueryRowContext(t.Context(), `SELECT phone_at, email_at, totp_at, telegram_at FROM account`).Scan(&phone, &email, &totp, &telegram); err != nil ||
			phone != 8 || email != 9 || totp != 7 || telegram != 0 {
			t.Errorf("since %d, %d, %d, %d: %v", phone, email, totp, telegram, err)
		}
	})
}

// Grants that were given before their table was made anew can be used after it,
// and each code, refresh token and device still belongs to one of them alone.
func TestGrantsOutliveTheirNewTable(t *testing.T) {
	dbtest.Each(t, "identity", until(t, "00016"), func(t *testing.T, d *db.DB) {
		write := func(id, code, refresh, device any) error {
			return d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, code_hash, refresh_hash, device_hash, revoked_at, data, expires_at)
					VALUES ($1, 'a', 'card', 's', 1, 2, $2, $3, $4, 5, '{"id":"g"}', 6)`, id, code, refresh, device)
				return err
			})
		}
		for _, err := range []error{write("g1", "c1", "r1", nil), write("g2", nil, nil, "d2"), write("g3", nil, nil, nil)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Migrate(t.Context(), migration.Sets...); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{"g1": "c1 r1 -", "g2": "- - d2", "g3": "- - -"} {
			var got string
			err := d.Read.QueryRowContext(t.Context(), `SELECT COALESCE(code_hash, '-') || ' ' || COALESCE(refresh_hash, '-') || ' ' || COALESCE(device_hash, '-') FROM permission
				WHERE id = $1 AND account_id = 'a' AND client_id = 'card' AND sid = 's' AND offline = 1 AND version = 2 AND revoked_at = 5 AND data = '{"id":"g"}' AND expires_at = 6`, id).Scan(&got)
			if err != nil || got != want {
				t.Errorf("%s: %q, not %q (%v)", id, got, want, err)
			}
		}
		for what, err := range map[string]error{
			"id": write("g1", nil, nil, nil), "code": write("g4", "c1", nil, nil), "refresh token": write("g5", nil, "r1", nil), "device": write("g6", nil, nil, "d2"),
		} {
			if !db.Unique(err) {
				t.Errorf("two grants with one %s: %v", what, err)
			}
		}
	})
}
