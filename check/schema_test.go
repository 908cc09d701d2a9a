package check_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/session"
)

// Both engines hold the same tables, columns, kinds of columns and unique sets,
// for every system.
func TestBothEnginesHaveTheSameTables(t *testing.T) {
	systems, err := filepath.Glob(filepath.Join(root(t), "system", "*", "migration"))
	if err != nil || len(systems) < 8 {
		t.Fatalf("systems with tables: %d, %v", len(systems), err)
	}
	address := dbtest.Postgres(t)
	for _, dir := range systems {
		system := filepath.Base(filepath.Dir(dir))
		t.Run(system, func(t *testing.T) {
			sets := []db.Set{job.Migration, audit.Migration, session.Migration, {Name: system, Files: os.DirFS(dir)}}
			lite := describe(t, dbtest.SQLite(t, system, sets...))
			post := describe(t, dbtest.Open(t, address, system, sets...))
			if len(lite) == 0 {
				t.Fatal("no tables")
			}
			for _, line := range difference(lite, post) {
				t.Errorf("only in SQLite: %s", line)
			}
			for _, line := range difference(post, lite) {
				t.Errorf("only in PostgreSQL: %s", line)
			}
		})
	}
}

func difference(a, b map[string]bool) []string {
	var only []string
	for _, line := range slices.Sorted(maps.Keys(a)) {
		if !b[line] {
			only = append(only, line)
		}
	}
	return only
}

// describe is a set of lines: "table.column kind null?" and "table unique(a,b)".
func describe(t *testing.T, d *db.DB) map[string]bool {
	t.Helper()
	columns := `SELECT table_name, column_name, upper(data_type), is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = current_schema()`
	unique := `SELECT t.relname, string_agg(a.attname, ',' ORDER BY a.attname), i.indpred IS NOT NULL
		FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
		WHERE i.indisunique AND n.nspname = current_schema() GROUP BY i.indexrelid, t.relname, i.indpred`
	if d.Dialect == db.SQLite {
		columns = `SELECT m.name, p.name, upper(p.type), p."notnull" = 0 AND p.pk = 0 FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
		unique = `SELECT m.name, (SELECT group_concat(name) FROM (SELECT c.name FROM pragma_index_info(l.name) c ORDER BY c.name)), l.partial = 1
			FROM sqlite_master m, pragma_index_list(m.name) l WHERE m.type = 'table' AND l."unique" = 1
			UNION SELECT m.name, p.name, 0 FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND p.pk = 1 AND upper(p.type) IN ('INTEGER')`
	}
	lines := map[string]bool{}
	read := func(query string, line func(table, name string, kind any, flag bool) string) {
		rows, err := d.Read.QueryContext(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var table, name, kind string
			var flag bool
			into := []any{&table, &name, &kind, &flag}
			if len(names) == 3 {
				into = []any{&table, &name, &flag}
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(table, "migration_") || strings.Contains(table, "goose") {
				continue // the migration library's own tables
			}
			lines[line(table, name, kind, flag)] = true
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	read(columns, func(table, name string, kind any, null bool) string {
		return fmt.Sprintf("%s.%s %s null=%v", table, name, family(kind.(string)), null)
	})
	read(unique, func(table, name string, _ any, partial bool) string {
		return fmt.Sprintf("%s unique(%s) partial=%v", table, name, partial)
	})
	return lines
}

// family puts the engines' names of one kind of column together.
func family(kind string) string {
	switch kind {
	case "BYTEA", "BLOB":
		return "BYTES"
	case "INTEGER", "BIGINT", "INT":
		return "BIGINT"
	case "BOOLEAN", "REAL", "DOUBLE PRECISION", "NUMERIC":
		return "FORBIDDEN " + kind // flags are 0 and 1, amounts are whole
	}
	return kind
}
