package shelf

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

// sought is an identifier that is looked for, and waits for its answer.
type sought struct {
	kind, system, code string
	anySystem          bool
	found              []Resource
	err                error
	over               chan struct{}
}

// mostBearing is how many resources are read of one identifier, which is one's
// own nearly always.
const mostBearing = 8

// lookup is a question for many at once, of which PostgreSQL looks for each by its
// index, whatever it knows of the tables: within LATERAL, with a LIMIT. There are a
// few fixed numbers of them, so that it needs to plan only so many texts.
type lookup struct {
	width   int
	queries []string // by lookupSizes
}

var lookupSizes = []int{32, 16, 8, 4, 2, 1}

// lookingUp is the lookup of rows w of the columns, each with its type, by the
// SELECT for one of them.
func lookingUp(columns []string, selected, one string) lookup {
	l := lookup{width: len(columns)}
	names := make([]string, len(columns))
	for _, size := range lookupSizes {
		rows := make([]string, size)
		for i := range rows {
			marks := make([]string, len(columns))
			for at, column := range columns {
				name, kind, _ := strings.Cut(column, " ")
				names[at], marks[at] = name, "$"+strconv.Itoa(i*len(columns)+at+1)+"::"+kind
			}
			rows[i] = "(" + strings.Join(marks, ", ") + ")"
		}
		l.queries = append(l.queries, "SELECT "+selected+" FROM (VALUES "+strings.Join(rows, ", ")+") AS w ("+strings.Join(names, ", ")+") CROSS JOIN LATERAL ("+one+") AS r")
	}
	return l
}

// questions look for all of the values, width after width.
func (l lookup) questions(values []any, each func(row db.Row) error) []db.Question {
	var all []db.Question
	for at, size := range lookupSizes {
		for n := size * l.width; len(values) >= n; values = values[n:] {
			all = append(all, db.Question{Query: l.queries[at], Args: values[:n], Each: each})
		}
	}
	return all
}

var (
	byIdentifier = lookingUp([]string{"bearer text", "code text", "system text", "place bigint"}, "w.place, "+columns,
		`SELECT r.* FROM fhir_mark m JOIN fhir_resource r ON r.kind = m.kind AND r.id = m.id
		WHERE m.code = w.code AND m.param = 'identifier' AND m.kind = w.bearer AND (w.place < 0 OR m.system = w.system) AND r.deleted = 0
		LIMIT `+strconv.Itoa(mostBearing))
	byKey = lookingUp([]string{"one_kind text", "one_id text"}, columns,
		`SELECT r.* FROM fhir_resource r WHERE r.kind = w.one_kind AND r.id = w.one_id LIMIT 1`)
)

// Bearing reads the resources of the kind that bear the identifier, in the order
// of their ids, with whoever looks for one at the same moment. all is false where
// that cannot be told so: there are too many of them, or the database is no
// journey away and nothing is gained.
func (s *Shelf) Bearing(ctx context.Context, kind, system, code string, anySystem bool) (found []Resource, all bool, err error) {
	if s.DB.Dialect != db.Postgres {
		return nil, false, nil
	}
	one := &sought{kind: kind, system: system, code: code, anySystem: anySystem, over: make(chan struct{})}
	s.lookups.add(one)
	select {
	case <-one.over:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if one.err != nil || len(one.found) >= mostBearing {
		return nil, false, one.err
	}
	slices.SortFunc(one.found, func(a, b Resource) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(one.found, func(a, b Resource) bool { return a.ID == b.ID }), true, nil
}

func (s *Shelf) lookupAll(group []*sought) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.lookUp(ctx, group)
	for _, one := range group {
		one.err = err
		close(one.over)
	}
}

func (s *Shelf) lookUp(ctx context.Context, group []*sought) error {
	values := make([]any, 0, len(group)*byIdentifier.width)
	for i, one := range group {
		place := int64(i + 1)
		if one.anySystem {
			place = -place
		}
		values = append(values, one.kind, one.code, one.system, place)
	}
	return s.DB.Ask(ctx, byIdentifier.questions(values, func(row db.Row) error {
		var place int64
		r, err := scan(placed{row, &place})
		if err == nil {
			one := group[max(place, -place)-1]
			one.found = append(one.found, r)
		}
		return err
	})...)
}

// placed is a row of which the first column says whose it is.
type placed struct {
	row   db.Row
	place *int64
}

// Scan implements db.Row.
func (p placed) Scan(into ...any) error { return p.row.Scan(append([]any{p.place}, into...)...) }
