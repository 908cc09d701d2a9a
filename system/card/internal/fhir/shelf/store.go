package shelf

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

// sizes are the numbers of rows that one question asks for or writes: few, so
// that the database needs to understand only so many texts.
var sizes = []int{64, 8, 1}

// insertOf is an INSERT of so many rows.
func insertOf(head string, width, rows int, tail string) string {
	var b strings.Builder
	b.WriteString(head + " VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		for column := range width {
			b.WriteString([]string{"(", ", "}[min(column, 1)] + "$" + strconv.Itoa(i*width+column+1))
		}
		b.WriteString(")")
	}
	return b.String() + tail
}

// insert is an INSERT in each of the sizes.
type insert struct {
	width   int
	queries []string
}

func inserting(width int, head, tail string) insert {
	i := insert{width: width}
	for _, rows := range sizes {
		i.queries = append(i.queries, insertOf(head, width, rows, tail))
	}
	return i
}

func (i insert) write(ctx context.Context, q db.Querier, values []any) error {
	for at, rows := range sizes {
		for n := rows * i.width; len(values) >= n; values = values[n:] {
			if _, err := q.ExecContext(ctx, i.queries[at], values[:n]...); err != nil {
				return err
			}
		}
	}
	return nil
}

const columns = `kind, id, version, deleted, updated_at, author, patient, pin, body`

var (
	intoResource = inserting(9, `INSERT INTO fhir_resource (`+columns+`)`, "")
	intoMark     = inserting(7, `INSERT INTO fhir_mark (kind, id, param, system, code, low, high)`, "")
	intoTurn     = inserting(2, `INSERT INTO fhir_turn (condition, taken)`, ` ON CONFLICT (condition) DO UPDATE SET taken = fhir_turn.taken + 1`)
	intoConcept  = inserting(6, `INSERT INTO fhir_concept (map, source_system, source_code, target_system, target_code, equivalence)`, " ON CONFLICT DO NOTHING")
)

// chunks gives the values in groups of the sizes, the last one filled up with
// its own last value.
func chunks(values []string, give func(group []any, marks string) error) error {
	for len(values) > 0 {
		size := sizes[0]
		for _, s := range sizes {
			if len(values) <= s {
				size = s
			}
		}
		n := min(size, len(values))
		group := make([]any, size)
		marks := make([]string, size)
		for i := range size {
			group[i], marks[i] = values[min(i, n-1)], "$"+strconv.Itoa(i+1)
		}
		if err := give(group, strings.Join(marks, ", ")); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// eachKind gives the condition of the keys, kind by kind in one order, so that
// everybody locks in that order: rows are found by both, the kind before the id.
func eachKind(keys []key, give func(where string, args []any) error) error {
	ids := map[string][]string{}
	for _, k := range keys {
		ids[k.kind] = append(ids[k.kind], k.id)
	}
	for _, kind := range slices.Sorted(maps.Keys(ids)) {
		slices.Sort(ids[kind])
		err := chunks(slices.Compact(ids[kind]), func(group []any, marks string) error {
			return give("id IN ("+marks+") AND kind = $"+strconv.Itoa(len(group)+1), append(group, kind))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func scan(rows db.Row) (Resource, error) {
	var r Resource
	var deleted, updated int64
	err := rows.Scan(&r.Kind, &r.ID, &r.Version, &deleted, &updated, &r.Author, &r.Patient, &r.PIN, &r.Body)
	r.Deleted, r.Updated = deleted == 1, db.Time(updated)
	if r.Deleted {
		r.Body = nil
	}
	return r, err
}

func collect(ctx context.Context, q db.Querier, query string, args ...any) ([]Resource, error) {
	return db.List(ctx, q, scan, query, args...)
}

// locks names the advisory locks of the types of resources.
const locks = 7042

// takeTurns waits for its turn everywhere, in one order. SQLite has one writer.
func (b *batch) takeTurns(ctx context.Context, t turns) error {
	if b.s.DB.Dialect == db.Postgres {
		for _, kind := range slices.Sorted(maps.Keys(t.types)) {
			lock := `SELECT pg_advisory_xact_lock_shared($1, $2)`
			if t.types[kind] {
				lock = `SELECT pg_advisory_xact_lock($1, $2)`
			}
			sum := sha256.Sum256([]byte(kind))
			if _, err := b.tx.ExecContext(ctx, lock, locks, int32(binary.BigEndian.Uint32(sum[:4]))); err != nil {
				return err
			}
		}
	}
	values := make([]any, 0, 2*len(t.rows))
	for _, row := range slices.Sorted(maps.Keys(t.rows)) {
		values = append(values, row, int64(1))
	}
	return intoTurn.write(ctx, b.tx, values)
}

// readCurrent reads what is to be changed, locked, and what is referred to.
func (b *batch) readCurrent(ctx context.Context, targets, links map[key]bool) error {
	all := func(of map[key]bool, but map[key]bool) []key {
		var keys []key
		for k := range of {
			if !but[k] {
				keys = append(keys, k)
			}
		}
		return keys
	}
	err := eachKind(all(targets, nil), func(where string, args []any) error {
		found, err := collect(ctx, b.tx, `SELECT `+columns+` FROM fhir_resource WHERE `+where+` ORDER BY kind, id`+b.s.DB.ForUpdate(), args...)
		for _, r := range found {
			b.current[key{r.Kind, r.ID}] = &row{Resource: r}
		}
		return err
	})
	if err != nil {
		return err
	}
	return eachKind(all(links, targets), func(where string, args []any) error {
		found, err := collect(ctx, b.tx, `SELECT kind, id, version, deleted, updated_at, author, patient, pin, '' FROM fhir_resource WHERE `+where, args...)
		for _, r := range found {
			if k := (key{r.Kind, r.ID}); b.current[k] == nil {
				b.current[k] = &row{Resource: r}
			}
		}
		return err
	})
}

// bearersHere are the Patients on the shelf with those ПИН.
func (b *batch) bearersHere(ctx context.Context, pins []string) error {
	return chunks(pins, func(group []any, marks string) error {
		found, err := collect(ctx, b.tx, `SELECT `+columns+` FROM fhir_resource WHERE kind = 'Patient' AND deleted = 0 AND pin <> '' AND pin IN (`+marks+`)`, group...)
		for _, r := range found {
			b.bearers[r.PIN] = r.ID
		}
		return err
	})
}

// leadingTo are resources that refer to the one, at most a few.
func (b *batch) leadingTo(ctx context.Context, k key) ([]key, error) {
	var all []key
	for row, err := range db.Rows(ctx, b.tx, `SELECT DISTINCT m.kind, m.id FROM fhir_mark m WHERE m.code = $1 AND m.system = '' LIMIT 200`, k.kind+"/"+k.id) {
		if err != nil {
			return nil, err
		}
		var one key
		if err := row.Scan(&one.kind, &one.id); err != nil {
			return nil, err
		}
		if one != k {
			all = append(all, one)
		}
	}
	return all, nil
}

// flush writes what was planned.
func (b *batch) flush(ctx context.Context) error {
	for _, k := range b.pasts {
		if _, err := b.tx.ExecContext(ctx, `INSERT INTO fhir_past (`+columns+`) SELECT `+columns+` FROM fhir_resource WHERE kind = $1 AND id = $2`, k.kind, k.id); err != nil {
			return err
		}
	}
	for _, r := range b.updates {
		written, err := db.ChangedOne(ctx, b.tx, `UPDATE fhir_resource SET version = $1, deleted = $2, updated_at = $3, author = $4, patient = $5, pin = $6, body = $7
			WHERE kind = $8 AND id = $9 AND version = $10`,
			r.Version, db.Flag(r.Deleted), db.Micros(r.Updated), r.Author, r.Patient, r.PIN, string(r.Body), r.Kind, r.ID, r.Version-1)
		if err != nil {
			return err
		}
		if !written {
			return errors.New("fhir: a resource changed under its lock")
		}
	}
	for _, k := range b.unmarks {
		if _, err := b.tx.ExecContext(ctx, `DELETE FROM fhir_mark WHERE id = $1 AND kind = $2`, k.id, k.kind); err != nil {
			return err
		}
	}
	if err := intoResource.write(ctx, b.tx, b.inserts); err != nil {
		return err
	}
	if err := intoMark.write(ctx, b.tx, b.marks); err != nil {
		return err
	}
	for _, id := range b.unmap {
		if _, err := b.tx.ExecContext(ctx, `DELETE FROM fhir_concept WHERE map = $1`, id); err != nil {
			return err
		}
	}
	if err := intoConcept.write(ctx, b.tx, b.concepts); err != nil {
		return err
	}
	b.pasts, b.updates, b.unmarks, b.inserts, b.marks, b.unmap, b.concepts = nil, nil, nil, nil, nil, nil, nil
	b.flushes++
	clear(b.touched)
	return nil
}

// mapConcepts notes the rows of a ConceptMap.
func (p *planner) mapConcepts(r Resource) {
	p.unmap = append(p.unmap, r.ID)
	var m struct {
		Group []struct {
			Source  string `json:"source"`
			Target  string `json:"target"`
			Element []struct {
				Code   string `json:"code"`
				Target []struct {
					Code        string `json:"code"`
					Equivalence string `json:"equivalence"`
				} `json:"target"`
			} `json:"element"`
		} `json:"group"`
	}
	if json.Unmarshal(r.Body, &m) != nil {
		return // it was checked: it is one
	}
	for _, g := range m.Group {
		for _, e := range g.Element {
			for _, t := range e.Target {
				if t.Code == "" || t.Equivalence == "unmatched" || t.Equivalence == "disjoint" {
					continue
				}
				p.concepts = append(p.concepts, r.ID, g.Source, e.Code, g.Target, t.Code, t.Equivalence)
			}
		}
	}
}
