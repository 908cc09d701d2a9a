// Package capture writes down every change of the card's tables in the
// transaction that makes it, by triggers of the database itself: no room of the
// card has to remember it, and a new table is captured because it is there. What
// was written down gets a place in one order, chained by hashes.
package capture

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

// Column of a table.
type Column struct {
	Name     string
	Binary   bool
	Whole    bool // a number
	Optional bool // may be NULL
}

// Reference is a column that names a row of another table.
type Reference struct {
	Column, Table, Target string
}

// Table is one table as the database has it.
type Table struct {
	Name       string
	Columns    []Column
	Key        []string // columns of the primary key
	References []Reference
}

// Has says whether the table has the column.
func (t Table) Has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == column })
}

// local are tables that belong to one database and are never handed over:
// sessions, jobs, the audit chain's places (the records go), sequences of numbers,
// copies of НИСУР that each side fetches for itself, the roll-out and its monitoring, which are the
// centre's affair. Everything else is.
var local = []string{
	"session", "sign_in", "logout_token", "job", "access_waiting", "access_link", "access_chain",
	"organisation", "organisation_staff", "department_head",
	"form_sequence", "referral_sequence", "refusal_sequence", "pregnancy_sequence",
	"referral_capacity", "training", "training_person", "history_find", "form_find", "reading_reason",
	"fhir_resource", "fhir_past", "fhir_mark", "fhir_turn", "fhir_concept", "fhir_export", "fhir_export_file", // what other software keeps here
}

// Local says whether the table stays where it is.
func Local(table string) bool {
	for _, room := range []string{"rollout_", "monitor_"} {
		if strings.HasPrefix(table, room) {
			return true
		}
	}
	return slices.Contains(local, table) || strings.HasPrefix(table, "node_") || strings.HasPrefix(table, "migration_") || strings.HasPrefix(table, "sqlite_")
}

// Copied says whether both sides make the table's rows for themselves, from what
// НИСУР says of every organisation: those of others are passed over.
func Copied(table string) bool { return table == "bed" }

// Schema is every table that is captured, parents before those that name them.
type Schema struct {
	Dialect db.Dialect
	Tables  []Table
	byName  map[string]Table
}

// Table finds a captured table.
func (s *Schema) Table(name string) (Table, bool) {
	t, ok := s.byName[name]
	return t, ok
}

// Read reads the schema from the database.
func Read(ctx context.Context, q db.Querier, dialect db.Dialect) (*Schema, error) {
	columns, references := sqliteColumns, sqliteReferences
	if dialect == db.Postgres {
		columns, references = postgresColumns, postgresReferences
	}
	all := map[string]*Table{}
	var names []string
	err := each(ctx, q, columns, 5, func(v []string) {
		if Local(v[0]) {
			return
		}
		t, ok := all[v[0]]
		if !ok {
			t = &Table{Name: v[0]}
			all[v[0]], names = t, append(names, v[0])
		}
		t.Columns = append(t.Columns, Column{
			Name: v[1], Optional: v[4] != "", Binary: strings.EqualFold(v[2], "BYTEA") || strings.EqualFold(v[2], "BLOB"), Whole: strings.EqualFold(v[2], "BIGINT") || strings.EqualFold(v[2], "INT8"),
		})
		if v[3] != "0" {
			t.Key = append(t.Key, v[3]+" "+v[1])
		}
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, references, 4, func(v []string) {
		if t, ok := all[v[0]]; ok {
			t.References = append(t.References, Reference{Column: v[1], Table: v[2], Target: v[3]})
		}
	})
	if err != nil {
		return nil, err
	}
	s := &Schema{Dialect: dialect, byName: map[string]Table{}}
	for _, name := range names {
		t := all[name]
		slices.Sort(t.Key) // by place in the key, which is written before the name
		for i, k := range t.Key {
			_, t.Key[i], _ = strings.Cut(k, " ")
		}
		s.byName[name] = *t
	}
	placed := map[string]bool{}
	var place func(name string, above []string)
	place = func(name string, above []string) {
		t, ok := s.byName[name]
		if !ok || placed[name] || slices.Contains(above, name) {
			return
		}
		for _, r := range t.References {
			place(r.Table, append(above, name))
		}
		if !placed[name] {
			placed[name] = true
			s.Tables = append(s.Tables, t)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		place(name, nil)
	}
	return s, nil
}

const (
	sqliteColumns = `SELECT m.name, c.name, c.type, c.pk, CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN '' ELSE 'optional' END FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' ORDER BY m.name, c.cid`
	sqliteReferences = `SELECT m.name, f."from", f."table", COALESCE(f."to", '') FROM sqlite_master m, pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`
	postgresColumns = `SELECT c.relname, a.attname, t.typname, COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)::text, CASE WHEN a.attnotnull THEN '' ELSE 'optional' END
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname, a.attnum`
	postgresReferences = `SELECT c.relname, a.attname, f.relname, b.attname
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid,
		LATERAL unnest(k.conkey, k.confkey) AS u(mine, theirs)
		JOIN pg_attribute a ON a.attnum = u.mine JOIN pg_attribute b ON b.attnum = u.theirs
		WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND b.attrelid = k.confrelid
		AND k.connamespace = current_schema()::regnamespace ORDER BY c.relname, k.conname, a.attnum`
)

// each reads rows of n texts.
func each(ctx context.Context, q db.Querier, query string, n int, use func(v []string)) error {
	v, into := make([]string, n), make([]any, n)
	for i := range v {
		into[i] = &v[i]
	}
	for row, err := range db.Rows(ctx, q, query) {
		if err != nil {
			return err
		}
		if err := row.Scan(into...); err != nil {
			return err
		}
		use(v)
	}
	return nil
}

const prefix = "node_capture_"

// Install makes the triggers that are missing or not as they should be. It may
// run in several processes at once.
func Install(ctx context.Context, d *db.DB) (*Schema, error) {
	var s *Schema
	err := d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if d.Dialect == db.Postgres {
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7041)`); err != nil {
				return err
			}
		}
		var err error
		if s, err = Read(ctx, tx, d.Dialect); err != nil {
			return err
		}
		wanted := map[string]string{} // statement by name of the trigger
		for _, t := range s.Tables {
			if len(t.Key) == 0 {
				return fmt.Errorf("table %s has no primary key: its rows cannot be handed over", t.Name)
			}
			for name, statement := range triggers(d.Dialect, t) {
				wanted[name] = statement
			}
		}
		query := `SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'node!_capture!_%' ESCAPE '!'`
		if d.Dialect == db.Postgres {
			query = `SELECT t.tgname, c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
				WHERE t.tgname LIKE 'node!_capture!_%' ESCAPE '!' AND c.relnamespace = current_schema()::regnamespace`
		}
		var stale []string
		err = each(ctx, tx, query, 3, func(v []string) {
			want, ok := wanted[v[0]]
			switch {
			case ok && (d.Dialect == db.Postgres || want == v[2]):
				delete(wanted, v[0])
			case d.Dialect == db.Postgres:
				stale = append(stale, `DROP TRIGGER `+v[0]+` ON `+v[1])
			default:
				stale = append(stale, `DROP TRIGGER `+v[0])
			}
		})
		if err != nil {
			return err
		}
		for _, statement := range stale {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		for name, statement := range wanted {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("trigger %s: %w", name, err)
			}
		}
		return nil
	})
	return s, err
}

// triggers of the table. On PostgreSQL the name holds the key's columns, so that
// another key makes another name.
func triggers(dialect db.Dialect, t Table) map[string]string {
	if dialect == db.Postgres {
		name := prefix + t.Name + "__" + strings.Join(t.Key, "__")
		if len(name) > 63 { // PostgreSQL cuts names there
			name = name[:63]
		}
		return map[string]string{name: `CREATE TRIGGER ` + name + ` AFTER INSERT OR UPDATE OR DELETE ON ` + t.Name +
			` FOR EACH ROW EXECUTE FUNCTION node_capture('` + strings.Join(t.Key, "', '") + `')`}
	}
	all := map[string]string{}
	for op, verb := range map[string]string{"I": "INSERT", "U": "UPDATE", "D": "DELETE"} {
		before, after, row := "''", "''", "NEW"
		if op != "I" {
			before = object(t, "OLD")
		}
		if op == "D" {
			row = "OLD"
		} else {
			after = object(t, "NEW")
		}
		keys := make([]string, len(t.Key))
		for i, k := range t.Key {
			keys[i] = row + "." + k
		}
		name := prefix + t.Name + "_" + strings.ToLower(verb)
		all[name] = `CREATE TRIGGER ` + name + ` AFTER ` + verb + ` ON ` + t.Name + ` BEGIN
			INSERT INTO node_change (xid, at, origin, tbl, row_key, op, before_row, after_row)
			VALUES (0, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER),
				COALESCE((SELECT origin FROM node_applying LIMIT 1), ''), '` + t.Name + `', ` + strings.Join(keys, " || char(31) || ") + `, '` + op + `', ` + before + `, ` + after + `); END`
	}
	return all
}

// object is SQLite's JSON of a row.
func object(t Table, row string) string {
	var b strings.Builder
	b.WriteString("json_object(")
	for i, c := range t.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		value := row + "." + c.Name
		if c.Binary {
			value = `CASE WHEN ` + value + ` IS NULL THEN NULL ELSE '\x' || lower(hex(` + value + `)) END`
		}
		b.WriteString("'" + c.Name + "', " + value)
	}
	b.WriteString(")")
	return b.String()
}
