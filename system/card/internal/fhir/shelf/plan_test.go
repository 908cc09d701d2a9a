package shelf

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/migration"
)

// TestRowsAreFoundByTheirKey: the key of a resource is its kind and its id. A
// question that names one of them alone walks through all that are kept, which
// nobody notices before there are many.
func TestRowsAreFoundByTheirKey(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		keys := []key{{"Patient", "a"}, {"Patient", "b"}, {"Observation", "c"}}
		type question struct {
			query string
			args  []any
		}
		var all []question
		err := eachKind(keys, func(where string, args []any) error {
			all = append(all, question{`SELECT ` + columns + ` FROM fhir_resource WHERE ` + where, args})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d.Dialect == db.Postgres {
			for _, q := range byKey.questions([]any{"Patient", "a", "Observation", "c"}, nil) {
				all = append(all, question{q.Query, q.Args})
			}
			for _, q := range byIdentifier.questions([]any{"Patient", "1", "pin", int64(1)}, nil) {
				all = append(all, question{q.Query, q.Args})
			}
		}
		if len(all) < 2 {
			t.Fatal("nothing to explain")
		}
		for _, q := range all {
			if plan := planOf(t, d, q.query, q.args); !byWholeKey(plan) {
				t.Errorf("%s\n%s", q.query, plan)
			}
		}
		// The test sees what it is for.
		if plan := planOf(t, d, `SELECT `+columns+` FROM fhir_resource WHERE id IN ($1, $2)`, []any{"a", "b"}); byWholeKey(plan) {
			t.Errorf("by the id alone\n%s", plan)
		}
	})
}

// byWholeKey says that fhir_resource is entered by kind and id. PostgreSQL says
// "Index Cond: ((kind = …) AND (id = …", SQLite "SEARCH … (kind=? AND id=?)".
func byWholeKey(plan string) bool {
	for line := range strings.Lines(plan) {
		if (strings.Contains(line, "Index Cond") || strings.Contains(line, "SEARCH")) && strings.Contains(line, "kind") && strings.Contains(line, "id ") || strings.Contains(line, "kind=? AND id=?") {
			return true
		}
	}
	return false
}

var errSeen = errors.New("seen")

func planOf(t *testing.T, d *db.DB, query string, args []any) string {
	t.Helper()
	explain := `EXPLAIN QUERY PLAN `
	if d.Dialect == db.Postgres {
		explain = `EXPLAIN `
	}
	var plan strings.Builder
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if d.Dialect == db.Postgres {
			for _, prepare := range []string{
				`INSERT INTO fhir_resource SELECT 'Patient', 'p' || n, 1, 0, 0, '', '', '', '' FROM generate_series(1, 2000) AS n`,
				`INSERT INTO fhir_mark SELECT 'Patient', 'p' || n, 'identifier', 'pin', n::text, 0, 0 FROM generate_series(1, 2000) AS n`,
				`ANALYZE fhir_resource`, `ANALYZE fhir_mark`,
				`SET LOCAL enable_seqscan = off`, // two thousand are still few
			} {
				if _, err := tx.ExecContext(ctx, prepare); err != nil {
					return err
				}
			}
		}
		rows, err := tx.QueryContext(ctx, explain+query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var line string
			into := []any{&line}
			if d.Dialect != db.Postgres {
				var id, parent, unused int
				into = []any{&id, &parent, &unused, &line}
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
			plan.WriteString(line + "\n")
		}
		return errors.Join(rows.Err(), errSeen)
	})
	if !errors.Is(err, errSeen) {
		t.Fatal(err)
	}
	return plan.String()
}
