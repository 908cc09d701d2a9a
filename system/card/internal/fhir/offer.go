package fhir

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// Offer is a type of resource that a neighbouring room makes of rows of the card.
// It is searched, read and recorded here like every other.
type Offer func(a *API) Source

// Source is what such a room gives.
type Source struct {
	Kind   string
	Params map[string]Param // beside _id
	Table  Table
	// Load makes the resources of ids that the table has let through.
	Load func(ctx context.Context, q db.Querier, ids []string) ([]Made, error)
}

// Param declares a search parameter.
type Param struct {
	Type    string   // token, reference, date, string
	Targets []string // reference: the types it leads to
	Sorts   bool     // may stand in _sort
}

// Table is where the rows of a source are found. Its joins name the patient "p".
type Table struct {
	From    string
	Where   string // condition of every row, "" for none
	ID      string // expression of the resource's id
	Columns map[string]Column
	Sorts   map[string]string // expressions of moments
	// Organisation is where the row belongs: its staff reach it. Treated: it
	// belongs to the patient, whom those who registered or treated them reach.
	// Neither: the patient alone.
	Organisation string
	Treated      bool
}

// Column turns the values of a search parameter into a condition.
type Column struct{ write column }

// Made is a resource with what the server must know of it.
type Made struct {
	ID       string
	Resource Resource
	Updated  time.Time // latest moment that the rows know of
	PIN      string    // of the person it tells of
	Refs     map[string][]*Reference
}

// Resource is a struct that begins with Base.
type Resource interface{ base() *Base }

// Codes is a code of one of the systems, each with its expression.
func Codes(exprs map[string]string) Column { return Column{tokenColumn(exprs)} }

// CodesOn is Codes whose expressions depend on the day, as 2026-11-22.
func (a *API) CodesOn(exprs func(today string) map[string]string) Column {
	return Column{func(b *builder, c criterion) string {
		return tokenColumn(exprs(clock.DateOf(a.clock.Now()).String()))(b, c)
	}}
}

// Constant is a code that every row has.
func Constant(system, code string) Column { return Column{constantColumn(system, code)} }

// References is a reference to the row of the id.
func References(expr string) Column { return Column{refColumn(expr)} }

// Moments is a moment in microseconds.
func Moments(expr string) Column { return Column{momentColumn(expr)} }

// Staff is a reference to a practitioner, of whom the row has the ПИН.
func (a *API) Staff(expr string) Column { return Column{staffColumn(a.ids, expr)} }

// Practitioner leads to a member of staff; nil for nobody.
func (a *API) Practitioner(pin, name string) *Reference { return a.practitionerRef(pin, name) }

// Address is the address of the API.
func (a *API) Address() string { return a.base }

// Now is the time of the clock that the API goes by.
func (a *API) Now() time.Time { return a.clock.Now() }

// Words are those of the key in every language.
func (a *API) Words(key string) text.Words { return a.texts.Words(key) }

// To leads to a resource; nil for no id.
func To(kind, id string) *Reference { return refTo(kind, id) }

// Code is a concept of one code.
func Code(system, code, display string) *Concept { return concept(system, code, display) }

// Moment is a dateTime; "" for the zero time.
func Moment(t time.Time) string { return moment(t) }

// Instant is an instant, to the millisecond; "" for the zero time.
func Instant(t time.Time) string { return instant(t) }

// Span is a period; nil for none.
func Span(from, until time.Time) *Period { return period(from, until) }

// Canonical is below which our own codes, extensions and profiles are named.
const Canonical = canonical

// offered is the kind of a source.
func (a *API) offered(s Source) *kind {
	k := &kind{name: s.Kind, params: map[string]param{}}
	for name, p := range s.Params {
		k.params[name] = param{kind: paramType(p.Type), targets: p.Targets, sorts: p.Sorts}
	}
	t := s.Table.table()
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		all, err := s.Load(ctx, a.reader(ctx), ids)
		var items []*item
		for _, m := range all {
			i := &item{kind: s.Kind, id: m.ID, resource: m.Resource, updated: m.Updated, person: true, subject: m.PIN}
			for name, references := range m.Refs {
				i.refer(name, references...)
			}
			items = append(items, i)
		}
		return items, err
	}
	return k
}

func (t Table) table() *table {
	made := &table{
		from: t.From, always: t.Where, keys: []key{{expr: t.ID}}, id: func(keys []string) string { return keys[0] },
		columns: map[string]column{"_id": idColumn(t.ID)}, sorts: map[string]key{},
	}
	for name, c := range t.Columns {
		made.columns[name] = c.write
	}
	for name, expr := range t.Sorts {
		made.sorts[name] = key{expr: expr, number: true}
	}
	switch {
	case t.Treated:
		made.reach = patientTable().reach
	case t.Organisation != "":
		made.reach = stayReach(t.Organisation)
	default:
		made.reach = func(b *builder, r reach) string {
			return r.condition(b, "p.pin", func(*builder) string { return never })
		}
	}
	return made
}
