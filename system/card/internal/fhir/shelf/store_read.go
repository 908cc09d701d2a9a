package shelf

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
)

// asked is a reading that waits for its answer.
type asked struct {
	key    key
	allow  func(Resource) bool
	record func(Resource) []audit.Record
	found  *Resource
	err    error
	over   chan struct{}
}

// Get reads the newest version, deleted or not, and writes down that it was
// read, together with whoever asks at the same moment. It gives nil if
// there is none, or allow does not let it through.
func (s *Shelf) Get(ctx context.Context, kind, id string, allow func(Resource) bool, record func(Resource) []audit.Record) (*Resource, error) {
	one := &asked{key: key{kind, id}, allow: allow, record: record, over: make(chan struct{})}
	s.reads.add(one)
	select {
	case <-one.over:
		return one.found, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Shelf) readAll(group []*asked) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	records, err := s.readTogether(ctx, group)
	over := func(err error) {
		for _, one := range group {
			if err != nil {
				one.found, one.err = nil, err
			}
			close(one.over)
		}
	}
	if err != nil || len(records) == 0 {
		over(err)
		return
	}
	// The next group is read while this one is written down.
	s.notes.add(&noted{records: records, over: over})
}

// readTogether reads what the group asks for and gives the records of it.
func (s *Shelf) readTogether(ctx context.Context, group []*asked) ([]audit.Record, error) {
	seen := make(map[key]bool, len(group))
	keys := make([]key, 0, len(group))
	for _, one := range group {
		if !seen[one.key] {
			seen[one.key] = true
			keys = append(keys, one.key)
		}
	}
	found, err := s.newest(ctx, keys)
	if err != nil {
		return nil, err
	}
	var records []audit.Record
	for _, one := range group {
		r := found[one.key]
		if r == nil || one.allow != nil && !one.allow(*r) {
			continue
		}
		one.found = r
		records = append(records, one.record(*r)...)
	}
	return records, nil
}

// newest are the newest versions of the keys, deleted or not.
func (s *Shelf) newest(ctx context.Context, keys []key) (map[key]*Resource, error) {
	found := map[key]*Resource{}
	each := func(row db.Row) error {
		r, err := scan(row)
		found[key{r.Kind, r.ID}] = &r
		return err
	}
	var questions []db.Question
	if s.DB.Dialect == db.Postgres {
		values := make([]any, 0, len(keys)*byKey.width)
		for _, k := range keys {
			values = append(values, k.kind, k.id)
		}
		questions = byKey.questions(values, each)
	} else {
		err := eachKind(keys, func(where string, args []any) error {
			questions = append(questions, db.Question{Query: `SELECT ` + columns + ` FROM fhir_resource WHERE ` + where, Args: args, Each: each})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, s.DB.Ask(ctx, questions...)
}

// GetMany reads the newest versions of the ids that are there and not deleted, in
// no order, with whoever asks at the same moment. Nothing is written down.
func (s *Shelf) GetMany(ctx context.Context, kind string, ids []string) ([]Resource, error) {
	all := make([]*asked, len(ids))
	for i, id := range ids {
		all[i] = &asked{
			key: key{kind, id}, allow: func(r Resource) bool { return !r.Deleted }, record: func(Resource) []audit.Record { return nil },
			over: make(chan struct{}),
		}
		s.reads.add(all[i])
	}
	var found []Resource
	for _, one := range all {
		select {
		case <-one.over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if one.err != nil {
			return nil, one.err
		}
		if one.found != nil {
			found = append(found, *one.found)
		}
	}
	return found, nil
}

// noted are records that wait to be written.
type noted struct {
	records []audit.Record
	over    func(error) // told when they are on the disk, or cannot be
}

// Note writes down who was shown what, in one transaction with whoever is shown
// something at the same moment.
func (s *Shelf) Note(ctx context.Context, records []audit.Record) error {
	over := make(chan error, 1)
	s.notes.add(&noted{records: records, over: func(err error) { over <- err }})
	select {
	case err := <-over:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Shelf) noteAll(group []*noted) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var records []audit.Record
	for _, one := range group {
		records = append(records, one.records...)
	}
	err := audit.AddTogether(ctx, s.DB, s.Clock, records)
	for _, one := range group {
		one.over(err)
	}
}

// Load reads the newest versions of the ids that are there, in no order.
func (s *Shelf) Load(ctx context.Context, q db.Querier, kind string, ids []string) ([]Resource, error) {
	var all []Resource
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = key{kind, id}
	}
	err := eachKind(keys, func(where string, args []any) error {
		found, err := collect(ctx, q, `SELECT `+columns+` FROM fhir_resource WHERE deleted = 0 AND `+where, args...)
		all = append(all, found...)
		return err
	})
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b Resource) bool { return a.ID == b.ID }), db.Explain(err)
}

// Version reads one version, nil if there is none.
func (s *Shelf) Version(ctx context.Context, kind, id string, version int64) (*Resource, error) {
	for _, from := range []string{"fhir_resource", "fhir_past"} {
		found, err := collect(ctx, s.DB.Read, `SELECT `+columns+` FROM `+from+` WHERE kind = $1 AND id = $2 AND version = $3`, kind, id, version)
		if err != nil || len(found) == 1 {
			if err != nil {
				return nil, db.Explain(err)
			}
			return &found[0], nil
		}
	}
	return nil, nil
}

// Place is where a page of a history ends.
type Place struct {
	Updated time.Time
	ID      string
	Version int64
}

// Span is which versions of a history are asked for; zero moments set no bound.
type Span struct {
	Since       time.Time // written then or later
	From, Until time.Time // that stood at some moment from From until before Until
}

// Open says that the span sets no bound.
func (s Span) Open() bool { return s.Since.IsZero() && s.Until.IsZero() }

// Holds says that a version of that moment, which stands until now, is in the
// span; of one without a moment it is not known, so it is.
func (s Span) Holds(updated time.Time) bool {
	return updated.IsZero() || !updated.Before(s.Since) && (s.Until.IsZero() || updated.Before(s.Until))
}

// History reads versions of the kind, the newest first: of the one resource, or
// of all if id is "". Those behind the place and in the span.
func (s *Shelf) History(ctx context.Context, kind, id string, span Span, after Place, limit int) (page []Resource, err error) {
	one, bound := "id <> $2", "$4 = $5 AND $6 = 0"
	if id != "" {
		one = "id = $2"
	}
	args := []any{kind, id, db.Micros(span.Since)}
	if after.Version > 0 {
		bound = "(updated_at, id, version) < ($4, $5, $6)"
		args = append(args, db.Micros(after.Updated), after.ID, after.Version)
	} else {
		args = append(args, "", "", int64(0))
	}
	where := ` WHERE kind = $1 AND ` + one + ` AND updated_at >= $3 AND ` + bound
	args = append(args, limit)
	if !span.Until.IsZero() { // no other took its place before From
		where += ` AND updated_at < $8`
		for _, from := range []string{"fhir_resource", "fhir_past"} {
			where += ` AND NOT EXISTS (SELECT 1 FROM ` + from + ` later WHERE later.kind = shown.kind AND later.id = shown.id AND later.version > shown.version AND later.updated_at <= $9)`
		}
		args = append(args, db.Micros(span.Until), db.Micros(span.From))
	}
	found, err := collect(ctx, s.DB.Read, `SELECT `+columns+` FROM (
		SELECT `+columns+` FROM fhir_resource shown`+where+` UNION ALL SELECT `+columns+` FROM fhir_past shown`+where+`) AS versions
		ORDER BY updated_at DESC, id DESC, version DESC LIMIT $7`, args...)
	return found, db.Explain(err)
}

// Mapped says that a ConceptMap on the shelf leads from the code to the system.
func (s *Shelf) Mapped(ctx context.Context, system, code, target string) (bool, error) {
	var n int
	err := s.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM fhir_concept WHERE source_system = $1 AND source_code = $2 AND target_system = $3`,
		system, code, target).Scan(&n)
	return n > 0, db.Explain(err)
}
