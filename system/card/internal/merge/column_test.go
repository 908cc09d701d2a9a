package merge_test

import (
	"maps"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/merge"
)

// A table that names a patient and is not led over would lose its rows at the
// first merge.
func TestEveryColumnThatNamesAPatientIsLedOver(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		query := `SELECT m.name || '.' || f."from" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f."table" = 'patient'`
		if w.d.DB.Dialect != db.SQLite {
			query = `SELECT t.relname || '.' || a.attname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class p ON p.oid = c.confrelid
				JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (c.conkey)
				WHERE c.contype = 'f' AND p.relname = 'patient' AND n.nspname = current_schema()`
		}
		rows, err := w.d.DB.Read.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		led := map[string]bool{}
		for _, p := range merge.Places {
			led[p.Table+"."+p.Column] = true
		}
		for _, own := range []string{"patient_merge.survivor_id", "patient_merge.merged_id", "patient_apart.first_id", "patient_apart.second_id"} {
			led[own] = true
		}
		found := map[string]bool{}
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil {
				t.Fatal(err)
			}
			found[column] = true
			if !led[column] {
				t.Errorf("%s names a patient: add it to merge.Places", column)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		for column := range maps.Keys(led) {
			if !found[column] {
				t.Errorf("%s names no patient", column)
			}
		}
	})
}
