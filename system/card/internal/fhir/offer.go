package fhir

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Offer is a type of resource that a neighbouring room makes of rows of the card.
// It is searched, read and recorded here like every other.
type Offer func(a *API) Source

// Source is what such a room gives.
type Source struct {
	Kind   string
	Params map[string]Param // beside _id
	Table  Table
	About  string // what a reader of the CapabilityStatement must know beside
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
	// Reached, if there is one, is the condition under which organisations reach a
	// row, in place of these; in says that the expression is one of them.
	Reached func(in func(expr string) string) string
}

// Column turns the values of a search parameter into a condition.
type Column struct{ write find.Column }

// Made is a resource with what the server must know of it.
type Made struct {
	ID       string
	Resource datatype.Resource
	Updated  time.Time // latest moment that the rows know of
	PIN      string    // of the person it tells of
	Refs     map[string][]*datatype.Reference
}

// Codes is a code of one of the systems, each with its expression.
func Codes(exprs map[string]string) Column { return Column{find.TokenColumn(exprs)} }

// CodesOn is Codes whose expressions depend on the day, as 2026-11-22.
func (a *API) CodesOn(exprs func(today string) map[string]string) Column {
	return Column{func(b *find.Builder, c find.Criterion) string {
		return find.TokenColumn(exprs(clock.DateOf(a.clock.Now()).String()))(b, c)
	}}
}

// Constant is a code that every row has.
func Constant(system, code string) Column { return Column{find.ConstantColumn(system, code)} }

// References is a reference to the row of the id.
func References(expr string) Column { return Column{find.RefColumn(expr)} }

// ReferencesTo is a reference to the row of the id, which is of the kind.
func ReferencesTo(kind, expr string) Column { return Column{find.RefToColumn(kind, expr)} }

// ReferencesOf is a reference to the row of the id, whose kind is in the other expression.
func ReferencesOf(kind, expr string) Column { return Column{find.RefOfColumn(kind, expr)} }

// Params are the search parameters that R4 has of the type.
func Params(kind string) map[string]Param {
	all := map[string]Param{}
	for name, p := range find.ShelfParams(kind) {
		all[name] = Param{Type: string(p.Kind), Targets: p.Targets}
	}
	return all
}

// Moments is a moment in microseconds.
func Moments(expr string) Column { return Column{find.MomentColumn(expr)} }

// Staff is a reference to a practitioner, of whom the row has the ПИН.
func (a *API) Staff(expr string) Column { return Column{find.StaffColumn(a.ids, expr)} }

// Practitioner leads to a member of staff; nil for nobody.
func (a *API) Practitioner(pin, name string) *datatype.Reference {
	return a.archive.PractitionerRef(pin, name)
}

// Ward leads to a department of an organisation as a place; nil for none.
func (a *API) Ward(organisation, department string) *datatype.Reference {
	if department == "" {
		return nil
	}
	return datatype.To("Location", kept.WardID(organisation, department))
}

// Organisations are those of the codes, of the copy of НИСУР.
func (a *API) Organisations(ctx context.Context, q db.Querier, codes []string) ([]workforceapi.Organisation, error) {
	return kept.Organisations(ctx, q, codes)
}

// Spans is a time from low until high, both in microseconds.
func Spans(low, high string) Column { return Column{find.SpanColumn(low, high)} }

// Address is the address of the API.
func (a *API) Address() string { return a.base }

// Now is the time of the clock that the API goes by.
func (a *API) Now() time.Time { return a.clock.Now() }

// In gives a context in which words are spoken in the language.
func (a *API) In(ctx context.Context, l text.Lang) context.Context {
	return text.With(ctx, a.texts, l)
}

// Words are those of the key in every language.
func (a *API) Words(key string) text.Words { return a.texts.Words(key) }

// offered is the kind of a source.
func (a *API) offered(s Source) *find.Kind {
	k := &find.Kind{Name: s.Kind, Params: map[string]find.Param{}, About: s.About}
	for name, p := range s.Params {
		k.Params[name] = find.Param{Kind: find.ParamType(p.Type), Targets: p.Targets, Sorts: p.Sorts, Secret: name == "identifier"}
	}
	t := s.Table.table()
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.archive.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		all, err := s.Load(ctx, a.archive.Reader(ctx), ids)
		var items []*find.Item
		for _, m := range all {
			i := &find.Item{Kind: s.Kind, ID: m.ID, Resource: m.Resource, Updated: m.Updated, Person: true, Subject: m.PIN}
			for name, references := range m.Refs {
				i.Refer(name, references...)
			}
			items = append(items, i)
		}
		return items, err
	}
	return k
}

func (t Table) table() *find.Table {
	made := &find.Table{
		From: t.From, Always: t.Where, Keys: []find.Key{{Expr: t.ID}}, ID: func(keys []string) string { return keys[0] },
		Columns: map[string]find.Column{"_id": find.IDColumn(t.ID)}, Sorts: map[string]find.Key{},
	}
	for name, c := range t.Columns {
		made.Columns[name] = c.write
	}
	for name, expr := range t.Sorts {
		made.Sorts[name] = find.Key{Expr: expr, Number: true}
	}
	switch {
	case t.Reached != nil:
		made.Reach = func(b *find.Builder, r access.Reach) string {
			return find.Opened(r, b, "p.pin", func(b *find.Builder) string {
				return t.Reached(func(expr string) string { return find.In(b, expr, r.Organisations) })
			})
		}
	case t.Treated:
		made.Reach = kept.PatientTable().Reach
	case t.Organisation != "":
		made.Reach = find.StayReach(t.Organisation)
	default:
		made.Reach = func(b *find.Builder, r access.Reach) string {
			return find.Opened(r, b, "p.pin", func(*find.Builder) string { return find.Never })
		}
	}
	return made
}
