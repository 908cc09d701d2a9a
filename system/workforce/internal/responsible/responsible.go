// Package responsible keeps who answers for the roll-out and the monitoring of
// the information systems in each organisation, by the organisation's own order
// (order of the ministry, item 3.1).
package responsible

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/scan"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Codes of what is recorded.
const (
	ActionName    = "responsible.name"
	ActionRelease = "responsible.release"
)

// Duties are what somebody may be responsible for.
var Duties = []workforceapi.Duty{workforceapi.RollOut, workforceapi.Monitoring}

// Person is somebody named by an order.
type Person struct {
	ID           string
	Organisation string
	PIN, Name    string
	Duty         workforceapi.Duty
	Phone        string
	Order        organisation.Order
	Scan         string
	From, Until  clock.Date
}

// Staff are the posts of an organisation today; those who may be named.
type Staff func(ctx context.Context, organisation string) ([]workforceapi.Post, error)

// Book names and releases. Named are those of Staff whom an order names, of the
// organisations or, for nil, of all: the first post of each stands first.
type Book struct {
	DB    *db.DB
	Clock clock.Clock
	Staff Staff
	Named func(ctx context.Context, organisations []string) ([]workforceapi.Post, error)
}

var _ workforceapi.ResponsibleAPI = Book{}

// Today is the day in Bishkek.
func (b Book) Today() clock.Date { return clock.DateOf(b.Clock.Now()) }

// Responsible implements workforceapi.ResponsibleAPI. Who no longer holds a post
// in the organisation answers for nothing there.
func (b Book) Responsible(ctx context.Context, code string) ([]workforceapi.Responsible, error) {
	if code == "" {
		return b.of(ctx, nil)
	}
	return b.of(ctx, []string{code})
}

// of are those who answer for the organisations, for nil for all.
func (b Book) of(ctx context.Context, codes []string) ([]workforceapi.Responsible, error) {
	named, err := named(ctx, b.DB.Read, codes, b.Today())
	if err != nil {
		return nil, err
	}
	posts, err := b.Named(ctx, codes)
	if err != nil {
		return nil, err
	}
	type holder struct{ organisation, pin string }
	first := map[holder]text.Words{}
	for _, held := range slices.Backward(posts) {
		first[holder{held.Organisation, held.PIN}] = held.Title
	}
	list := []workforceapi.Responsible{}
	for _, p := range named {
		title, works := first[holder{p.Organisation, p.PIN}]
		if !works {
			continue
		}
		list = append(list, workforceapi.Responsible{
			PIN: p.PIN, PersonName: p.Name, Duty: p.Duty, Post: title, Organisation: p.Organisation, Phone: p.Phone,
			From: p.From, OrderNumber: p.Order.Number, OrderDay: p.Order.Day,
		})
	}
	return list, nil
}

// Name makes a member of staff responsible for the duties by the order, of which
// pdf is the scan (nil for none). fail.Conflict when they answer for one of them
// already: then nothing is changed.
func (b Book) Name(ctx context.Context, p Person, duties []workforceapi.Duty, pdf []byte, by change.Actor) error {
	staff, err := b.Staff(ctx, p.Organisation)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(staff, func(held workforceapi.Post) bool { return held.PIN == p.PIN })
	var wrong []fail.Finding
	note := func(field, key string) { wrong = append(wrong, fail.Finding{Field: field, Key: key}) }
	if i < 0 {
		note("person", "workforce.responsible.not_staff")
	}
	if len(duties) == 0 || slices.ContainsFunc(duties, func(d workforceapi.Duty) bool { return !slices.Contains(Duties, d) }) {
		note("duty", "kit.field.choose")
	}
	if p.Phone != "" && !organisation.ValidPhone(p.Phone) {
		note("phone", "workforce.edit.phone_wrong")
	}
	if p.Order.Number == "" {
		note("order_number", "kit.field.required")
	}
	today := b.Today()
	switch {
	case p.Order.Day.IsZero():
		note("order_day", "kit.field.required")
	case today.Before(p.Order.Day):
		note("order_day", "workforce.edit.order_future")
	}
	if p.From.IsZero() || p.From.Before(p.Order.Day) || today.DaysUntil(p.From) > 366 {
		note("from", "workforce.responsible.from_wrong")
	}
	wrong = append(wrong, scan.Wrong("scan", pdf)...)
	if len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	p.Name = staff[i].PersonName
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, p.Organisation); err != nil {
			return err
		}
		var err error
		if p.Scan, err = scan.Keep(ctx, tx, p.Organisation, "scan", pdf, b.Clock.Now(), by.PIN); err != nil {
			return err
		}
		for _, duty := range duties {
			p.ID, p.Duty = id.New(), duty
			added, err := Insert(ctx, tx, p, b.Clock.Now(), by.PIN)
			if err != nil {
				return err
			}
			if !added {
				return fail.New(fail.Conflict, "workforce.responsible.named_already")
			}
			if err := b.note(ctx, tx, p, ActionName, by, change.Diff(nil, p.values())); err != nil {
				return err
			}
		}
		return nil
	})
}

// Release ends the responsibility today.
func (b Book) Release(ctx context.Context, code, personID string, by change.Actor) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, code); err != nil {
			return err
		}
		p, err := find(ctx, tx, code, personID)
		if err != nil {
			return err
		}
		if !p.Until.IsZero() {
			return fail.New(fail.Conflict, "workforce.responsible.released_already")
		}
		before := p.values()
		p.Until = b.Today()
		if err := release(ctx, tx, personID, p.Until); err != nil {
			return err
		}
		return b.note(ctx, tx, p, ActionRelease, by, change.Diff(before, p.values()))
	})
}

func (p Person) values() []change.Value {
	return []change.Value{
		{Name: "person", Value: p.Name},
		{Name: "duty", Value: string(p.Duty)},
		{Name: "phone", Value: p.Phone},
		{Name: "order", Value: p.Order.Number + ", " + p.Order.Day.String()},
		{Name: "from", Value: p.From.String()},
		{Name: "until", Value: p.Until.String()},
	}
}

func (b Book) note(ctx context.Context, tx *sql.Tx, p Person, action string, by change.Actor, fields []change.Field) error {
	return change.Add(ctx, tx, b.Clock, change.Change{
		Organisation: p.Organisation, Object: "responsible", Action: action, By: by, Fields: fields, Subject: p.PIN,
	})
}
