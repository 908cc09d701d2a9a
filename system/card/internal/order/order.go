// Package order is what doctors order for a patient and what nurses did of it:
// given, or not and why.
package order

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// OrderKinds are those that a doctor orders.
var OrderKinds = []string{"drug", "diet", "regime", "test", "procedure"}

// furthest is how far ahead an order may begin.
const furthest = 60 * 24 * time.Hour

// early is how long before its hour a dose may be marked.
const early = 2 * time.Hour

// Order is what a doctor ordered.
type Order struct {
	ID        string
	StayID    string
	Kind      string
	Text      string
	Dose      string
	Times     string // how often, in words
	From      time.Time
	Hours     []string   // of each day on which it is due: "08:00"; empty for none
	LastDay   clock.Date // zero: until it is ended
	ByPIN     string
	ByName    string
	EndedAt   time.Time // zero: in force
	EndReason string    // words, or the codes "discharge" and "death"
	Marks     []Mark    // the newest first
}

// Mark says that an order was fulfilled, or why not.
type Mark struct {
	ID     string
	At     time.Time
	Due    time.Time // the hour that it answers; zero: none
	Given  bool
	Reason string
	ByName string
}

// Ordering is a new order.
type Ordering struct {
	Once  string
	Kind  string
	Text  string
	Dose  string
	Times string
	From  time.Time

	Hours   string     // "8 14 20"; "": by Times, where that says them
	LastDay clock.Date // zero: until it is ended

	Despite string // what spoke against it as the doctor has read it, see told; "" for nothing
}

// Prescribe writes an order. What an alert of the patient speaks against, and a
// drug that is ordered already, is written only when the doctor has said so.
func Prescribe(ctx context.Context, d *desk.Desk, stayID string, in Ordering) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		in := in // the hours are filled in
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		findings := append(writing.OneOf("kind", in.Kind, OrderKinds), writing.Required("text", in.Text)...)
		if in.Kind == "drug" {
			findings = append(findings, writing.Required("dose", in.Dose)...)
			findings = append(findings, writing.Required("times", in.Times+in.Hours)...) // the hours say it, too
		}
		hours, ok := Hours(in.Hours)
		if !ok {
			findings = append(findings, fail.Finding{Field: "hours", Key: "card.orders.hours_wrong"})
		}
		if in.Hours == "" {
			hours = HoursOf(in.Times)
		}
		in.Hours = strings.Join(hours, " ")
		if !in.LastDay.IsZero() && in.LastDay.Before(clock.DateOf(in.From)) {
			findings = append(findings, fail.Finding{Field: "last_day", Key: "card.orders.last_day_before"})
		}
		switch {
		case in.From.IsZero():
			findings = append(findings, fail.Finding{Field: "from", Key: "kit.field.required"})
		case in.From.Before(h.AdmittedAt.Truncate(time.Minute)):
			findings = append(findings, fail.Finding{Field: "from", Key: "card.history.at_before_admission", Args: fail.Args("At", text.Moment(h.AdmittedAt))})
		case in.From.After(now.Add(furthest)):
			findings = append(findings, fail.Finding{Field: "from", Key: "card.orders.too_far"})
		}
		against, err := cautions(ctx, tx, stayID, in)
		if err != nil {
			return err
		}
		if in.Despite != told(against) {
			findings = append(findings, against...)
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		fresh, err := insertOrder(ctx, tx, stayID, in, desk.Of(ctx), now)
		if err != nil {
			return err
		}
		if !fresh {
			before, err := findOrder(ctx, tx, stayID, in.Once)
			if err != nil {
				return err
			}
			return writing.Fresh(fresh, before.same(in))
		}
		action := "orders.write"
		if len(against) > 0 {
			action = "orders.despite"
		}
		return d.Seen(ctx, tx, h.PatientPIN, action, stayID)
	})
}

// same says that the order is what the form holds.
func (o Order) same(in Ordering) bool {
	return o.Kind == in.Kind && o.Text == in.Text && o.Dose == in.Dose && o.Times == in.Times && o.From.Equal(db.Time(db.Micros(in.From))) &&
		strings.Join(o.Hours, " ") == in.Hours && o.LastDay == in.LastDay
}

// cautions are what speaks against the order: an alert of the patient, and the same
// drug that is in force.
func cautions(ctx context.Context, q db.Querier, stayID string, in Ordering) ([]fail.Finding, error) {
	alerts, err := alertsOf(ctx, q, stayID)
	if err != nil {
		return nil, err
	}
	var found []fail.Finding
	if alert := opposed(in.Text, strings.Split(alerts, "\n")); alert != "" && in.Kind != "regime" {
		found = append(found, fail.Finding{Field: "despite", Key: "card.orders.alert", Args: fail.Args("Alert", strings.TrimSpace(alert))})
	}
	if in.Kind != "drug" {
		return found, nil
	}
	known, err := Orders(ctx, q, stayID)
	if err != nil {
		return nil, err
	}
	for _, o := range known {
		over := !o.LastDay.IsZero() && o.LastDay.Before(clock.DateOf(in.From))
		if o.ID != in.Once && o.EndedAt.IsZero() && !over && o.Kind == in.Kind && text.Fold(o.Text) == text.Fold(in.Text) {
			found = append(found, fail.Finding{Field: "despite", Key: "card.orders.twice", Args: fail.Args("Order", text.Joined(o.Text, o.Dose, o.Times), "Name", o.ByName)})
			break
		}
	}
	return found, nil
}

// End ends an order, with a reason.
func End(ctx context.Context, d *desk.Desk, stayID, orderID, reason string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		o, err := findOrder(ctx, tx, stayID, orderID)
		if err != nil {
			return err
		}
		if !o.EndedAt.IsZero() {
			return fail.New(fail.Conflict, "card.orders.ended_already", "At", text.Moment(o.EndedAt))
		}
		if err := writing.Invalid(writing.Required("end_reason", reason)); err != nil {
			return err
		}
		if err := endOrder(ctx, tx, orderID, reason, desk.Of(ctx).PIN, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "orders.end", stayID)
	})
}

// Marking is a nurse's word on an order.
type Marking struct {
	Once   string
	Order  string
	At     time.Time
	Due    time.Time // the hour that it answers; zero: none
	Given  bool
	Reason string
}

// Fulfil marks an order as given, or as not given with the reason. A dose that
// was due at an hour is marked once: who comes second is told.
func Fulfil(ctx context.Context, d *desk.Desk, stayID string, in Marking) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		in := in // a reason that is none is left out
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		o, err := findOrder(ctx, tx, stayID, in.Order)
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		var findings []fail.Finding
		switch {
		case !o.EndedAt.IsZero():
			return fail.New(fail.Conflict, "card.orders.ended_already", "At", text.Moment(o.EndedAt))
		case in.At.After(now):
			findings = append(findings, fail.Finding{Field: "at", Key: "card.history.at_future", Args: fail.Args("Now", text.Moment(now))})
		case in.At.Before(o.From.Truncate(time.Minute)):
			findings = append(findings, fail.Finding{Field: "at", Key: "card.orders.before_start", Args: fail.Args("At", text.Moment(o.From))})
		}
		if !in.Due.IsZero() && !o.DueAt(in.Due) {
			return fail.New(fail.BadRequest, "kit.bad_request")
		}
		if in.Due.After(now.Add(early)) {
			return fail.New(fail.Conflict, "card.orders.too_early", "At", text.Moment(in.Due))
		}
		if !in.Given {
			findings = append(findings, writing.Required("not_given_reason", in.Reason)...)
		} else {
			in.Reason = ""
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		if !in.Due.IsZero() {
			by, marked, err := markOf(ctx, tx, in.Order, in.Due)
			if err != nil {
				return err
			}
			if marked == in.Once {
				return nil // sent twice
			}
			if marked != "" {
				return fail.New(fail.Conflict, "card.orders.marked_already", "Name", by, "At", text.Moment(in.Due))
			}
		}
		if err := insertMark(ctx, tx, in, desk.Of(ctx)); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "orders.mark", stayID)
	})
}
