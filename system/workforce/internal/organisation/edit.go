package organisation

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
)

// Codes of what is recorded.
const (
	ActionOpen  = "organisation.open"
	ActionEdit  = "organisation.edit"
	ActionClose = "organisation.close"
)

// farthest is how many days ahead a change may be planned: budgets and staff
// lists are made for a year.
const farthest = 366

// Book changes organisations.
type Book struct {
	DB    *db.DB
	Clock clock.Clock
}

// Today is the day in Bishkek.
func (b Book) Today() clock.Date { return clock.DateOf(b.Clock.Now()) }

// Open registers a new organisation from the day o.From, by an order.
func (b Book) Open(ctx context.Context, o Organisation, by change.Actor) error {
	var wrong []fail.Finding
	if !ValidCode(o.Code) {
		wrong = append(wrong, fail.Finding{Field: "code", Key: "workforce.edit.code_wrong"})
	}
	wrong = append(append(append(wrong, o.Check()...), b.checkFrom(o.From, clock.Date{})...), checkOrder(o.Order, true, b.Today())...)
	if len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	o.Number, o.Event, o.Shut, o.Successor, o.At, o.By = 1, Opened, false, "", b.Clock.Now(), by.Name
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := register(ctx, tx, o.Code)
		if err != nil {
			return err
		}
		if !fresh {
			return fail.Fields(fail.Finding{Field: "code", Key: "workforce.edit.code_taken"})
		}
		if err := insert(ctx, tx, o, by.PIN); err != nil {
			return err
		}
		return change.Add(ctx, tx, b.Clock, change.Change{
			Organisation: o.Code, Object: Object, Version: 1, Action: ActionOpen, By: by, Fields: change.Diff(nil, o.Values()),
		})
	})
}

// Edit writes a new version that holds from the day, by the order (needed when
// the name changes). version is the one that the editor read: when somebody has
// changed the organisation since, nothing is written and the answer is
// fail.Conflict "workforce.edit.changed"; change.Since tells what.
func (b Book) Edit(ctx context.Context, code string, version int64, from clock.Date, order Order, by change.Actor, edit func(o *Organisation)) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, number, err := b.begin(ctx, tx, code, version)
		if err != nil {
			return err
		}
		after := before
		edit(&after)
		after.Event = Edited
		if after.Name != before.Name {
			after.Event = Renamed
		}
		wrong := append(after.Check(), checkOrder(order, after.Event == Renamed, b.Today())...)
		wrong = append(wrong, b.checkFrom(from, before.From)...)
		if len(wrong) > 0 {
			return fail.Fields(wrong...)
		}
		fields := change.Diff(before.Values(), after.Values())
		if len(fields) == 0 {
			return fail.New(fail.Conflict, "workforce.edit.nothing")
		}
		return b.write(ctx, tx, after, number+1, version+1, from, order, by, ActionEdit, fields)
	})
}

// Shut closes the organisation from the day, by the order; successor is the code
// of the one that takes it over, "" for none. In tx, since staff and departments
// end with it. The number of the version is given back.
func (b Book) Shut(ctx context.Context, tx *sql.Tx, code string, version int64, from clock.Date, order Order, successor string, by change.Actor) (int64, error) {
	before, number, err := b.begin(ctx, tx, code, version)
	if err != nil {
		return 0, err
	}
	wrong := append(checkOrder(order, true, b.Today()), b.checkFrom(from, before.From)...)
	after := before
	after.Shut, after.Event, after.Successor = true, Closed, successor
	if successor != "" {
		after.Event = Merged
		next, err := Find(ctx, tx, successor, from)
		if successor == code || fail.Is(err, fail.NotFound) || next.Shut || next.Kind != before.Kind {
			wrong = append(wrong, fail.Finding{Field: "successor", Key: "workforce.close.successor_wrong"})
		} else if err != nil {
			return 0, err
		}
	}
	if len(wrong) > 0 {
		return 0, fail.Fields(wrong...)
	}
	fields := append(change.Diff(before.Values(), after.Values()), change.Field{Name: "closed", After: from.String()})
	return number + 1, b.write(ctx, tx, after, number+1, version+1, from, order, by, ActionClose, fields)
}

// begin counts the change and gives the latest version. Nobody else can change
// the organisation until tx ends.
func (b Book) begin(ctx context.Context, tx *sql.Tx, code string, version int64) (Organisation, int64, error) {
	first, err := step(ctx, tx, code, version)
	if err != nil {
		return Organisation{}, 0, err
	}
	before, number, err := last(ctx, tx, code)
	switch {
	case err != nil:
		return before, 0, err
	case !first:
		return before, 0, fail.New(fail.Conflict, "workforce.edit.changed")
	case before.Shut:
		return before, 0, fail.New(fail.Conflict, "workforce.edit.closed")
	}
	return before, number, nil
}

func (b Book) write(ctx context.Context, tx *sql.Tx, o Organisation, number, version int64, from clock.Date, order Order, by change.Actor, action string, fields []change.Field) error {
	o.Number, o.From, o.Order, o.At, o.By = number, from, order, b.Clock.Now(), by.Name
	if err := insert(ctx, tx, o, by.PIN); err != nil {
		return err
	}
	fields = append(fields, change.Field{Name: "from", After: from.String()})
	if order.Number != "" {
		fields = append(fields, change.Field{Name: "order", After: order.Number + ", " + order.Day.String()})
	}
	return change.Add(ctx, tx, b.Clock, change.Change{Organisation: o.Code, Object: Object, Version: version, Action: action, By: by, Fields: fields})
}

// checkFrom says what is wrong with the first day of a version: it stands after
// the one before it, and not too far ahead.
func (b Book) checkFrom(from, before clock.Date) []fail.Finding {
	wrong := func(key string) []fail.Finding { return []fail.Finding{{Field: "from", Key: key}} }
	switch {
	case from.IsZero():
		return wrong("kit.field.required")
	case from.Before(before):
		return []fail.Finding{{Field: "from", Key: "workforce.edit.from_before", Args: fail.Args("Day", text.Date(before))}}
	case b.Today().DaysUntil(from) > farthest:
		return wrong("workforce.edit.from_far")
	}
	return nil
}

func checkOrder(o Order, needed bool, today clock.Date) []fail.Finding {
	var wrong []fail.Finding
	if o.Number == "" && (needed || !o.Day.IsZero()) {
		wrong = append(wrong, fail.Finding{Field: "order_number", Key: "workforce.edit.order_needed"})
	}
	if o.Day.IsZero() && (needed || o.Number != "") {
		wrong = append(wrong, fail.Finding{Field: "order_day", Key: "workforce.edit.order_needed"})
	}
	if today.Before(o.Day) {
		wrong = append(wrong, fail.Finding{Field: "order_day", Key: "workforce.edit.order_future"})
	}
	return wrong
}
