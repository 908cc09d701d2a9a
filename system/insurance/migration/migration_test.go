package migration_test

import (
	"context"
	"database/sql"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

// before is the fund's tables as they were before the migration of the name.
func before(t *testing.T, name string) []db.Set {
	t.Helper()
	sets := append([]db.Set{}, migration.Sets...)
	own := &sets[len(sets)-1]
	older := fstest.MapFS{}
	all, err := fs.Glob(own.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if file >= name {
			continue
		}
		data, err := fs.ReadFile(own.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		older[file] = &fstest.MapFile{Data: data}
	}
	if len(older) == 0 || len(older) == len(all) {
		t.Fatalf("%d of %d migrations are older than %s", len(older), len(all), name)
	}
	own.Files = older
	return sets
}

// A step written when the post was kept in Russian alone is read in Kyrgyz and
// English; what is known in them already, and a post of no list, stay as written.
func TestOlderStepsNameThePostInEveryLanguage(t *testing.T) {
	dbtest.Each(t, "insurance", before(t, "00006"), func(t *testing.T, d *db.DB) {
		write := func(query string, values ...any) {
			t.Helper()
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, query, values...)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		write(`INSERT INTO treated_case (id, number, revision, replaces, is_current, organisation, department, patient_pin, admitted_at, discharged_at, month,
			main_code, state, group_code, price, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage)
			VALUES ('c', '1', 1, '', 1, '950174', '', '', 0, 0, '', '', 'returned', '', 0, '{}', '', '{}', '', '', 0, 0, 'exchange', '', 'returned')`)
		steps := []struct{ ru, ky, en, wantKY, wantEN string }{
			{"Эксперт ФОМС", "", "", "ММКФнын эксперти", "Expert of the fund"},
			{"Медицинский статистик", "", "", "Медициналык статистик", "Medical statistician"},
			{"Заведующий отделением", "", "", "Бөлүм башчысы", "Head of department"},
			{"Заместитель директора", "", "", "Директордун орун басары", "Deputy director"},
			{"Эксперт ФОМС", "ММКФтин улук эксперти", "Chief", "ММКФтин улук эксперти", "Chief"},
			{"Внештатный рецензент", "", "", "", ""},
		}
		for i, s := range steps {
			write(`INSERT INTO case_step (case_id, sequence, step, was, became, by_pin, by_name, by_role, hospital, comment, at, by_role_ky, by_role_en)
				VALUES ('c', $1, 'comment', 'returned', 'returned', '1', 'x', $2, '', 'x', 0, $3, $4)`, i, s.ru, s.ky, s.en)
		}
		if err := d.Migrate(t.Context(), migration.Sets...); err != nil {
			t.Fatal(err)
		}
		for i, s := range steps {
			var ru, ky, en string
			err := d.Read.QueryRowContext(t.Context(), `SELECT by_role, by_role_ky, by_role_en FROM case_step WHERE sequence = $1`, i).Scan(&ru, &ky, &en)
			if err != nil || ru != s.ru || ky != s.wantKY || en != s.wantEN {
				t.Errorf("%q is %q, %q, %q: %v", s.ru, ru, ky, en, err)
			}
		}
	})
}

// Cases from before lists went by worth and doubt have both.
func TestOlderCasesHaveTheirWorthAndFindings(t *testing.T) {
	dbtest.Each(t, "insurance", before(t, "00009"), func(t *testing.T, d *db.DB) {
		cases := []struct {
			id, decision string
			price        int
			findings     int
		}{
			{"none", `{"findings":[],"comment":"\"rule\":"}`, 0, 0},
			{"one", `{"findings":[{"field":"a","rule":"INS-001"}]}`, 125050, 1},
			{"two", `{"findings":[{"rule":"INS-001"},{"rule":"DGN-003"}]}`, 7, 2},
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for _, c := range cases {
				_, err := tx.ExecContext(ctx, `INSERT INTO treated_case (id, number, revision, replaces, is_current, organisation, department, patient_pin, admitted_at, discharged_at, month,
					main_code, state, group_code, price, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage)
					VALUES ($1, $1, 1, '', 1, '950174', '', '', 0, 0, '', '', 'accepted', '', $2, '{}', '', $3, '', '', 0, 0, 'exchange', '', 'accepted')`, c.id, c.price, c.decision)
				if err != nil {
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
		for _, c := range cases {
			var worth, findings int
			err := d.Read.QueryRowContext(t.Context(), `SELECT worth, findings FROM treated_case WHERE id = $1`, c.id).Scan(&worth, &findings)
			if err != nil || worth != c.price || findings != c.findings {
				t.Errorf("%s is worth %d and has %d findings, %v", c.id, worth, findings, err)
			}
		}
	})
}
