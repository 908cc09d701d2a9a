package post

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Codes of what is recorded.
const (
	ActionAdd      = "post.add"
	ActionEnd      = "post.end"
	ActionTransfer = "post.transfer"
	ActionReplace  = "post.replace"
	Purpose        = "staffing"
)

// Actor is the manager who acts.
type Actor = change.Actor

// Appointment is a post to be given.
type Appointment struct {
	PIN          string
	Name         string // from the population register
	Title        string
	Organisation string
	Department   string // "" for the whole organisation
	From         clock.Date
	// ManagersOnly holds for those who keep the register and are not the
	// organisation's management: they give it its management, nothing else.
	ManagersOnly bool
}

// Check says what is wrong with an appointment, each thing with its field.
func Check(a Appointment, o organisation.Organisation, where places) []fail.Finding {
	var wrong []fail.Finding
	note := func(field, key string) { wrong = append(wrong, fail.Finding{Field: field, Key: key}) }
	if _, err := pin.Parse(a.PIN); err != nil {
		e := fail.As(err)
		wrong = append(wrong, fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	title, ok := workforceapi.TitleOf(a.Title)
	switch {
	case !ok || !title.In(o.Kind):
		note("title", "kit.field.choose")
	case a.ManagersOnly && title.Role != workforceapi.Manager:
		note("title", "workforce.add.managers_only")
	}
	if o.Shut {
		note("", "workforce.edit.closed")
	}
	switch {
	case ok && title.Department && a.Department == "":
		note("department", "workforce.add.department_needed")
	case ok && !title.Department && a.Department != "":
		note("department", "workforce.add.department_none")
	}
	switch {
	case a.From.IsZero():
	case a.From.Year < where.today.Year-1 || a.From.Year > where.today.Year+1:
		note("from", "workforce.add.from_far")
	case !o.Shut:
		_, unfit := where.at(a.Department, a.From)
		wrong = append(wrong, unfit...)
	}
	return wrong
}

// Add gives the post. Giving the same one again is a conflict.
func (g Register) Add(ctx context.Context, a Appointment, by Actor) error {
	o, err := organisation.Find(ctx, g.DB.Read, a.Organisation, g.Today())
	if err != nil {
		return err
	}
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, g.DB, a.Organisation); err != nil {
			return err
		}
		where, err := g.places(ctx, tx, a.Organisation)
		if err != nil {
			return err
		}
		if wrong := Check(a, o, where); len(wrong) > 0 {
			return fail.Fields(wrong...)
		}
		row := Row{
			ID: id.New(), PIN: a.PIN, Name: a.Name, Title: a.Title, Organisation: a.Organisation,
			Department: a.Department, From: a.From, At: g.Clock.Now(), By: by.PIN,
		}
		row.Until, _ = where.at(a.Department, a.From)
		if err := g.give(ctx, tx, row); err != nil {
			return err
		}
		return g.record(ctx, tx, row.PIN, a.Organisation, ActionAdd, by, change.Diff(nil, row.values()))
	})
}

// give writes the post unless the person holds the same one in some of its days.
// The organisation is locked.
func (g Register) give(ctx context.Context, tx *sql.Tx, row Row) error {
	held, err := holds(ctx, tx, row)
	if err != nil {
		return err
	}
	added := false
	if !held {
		if added, err = Insert(ctx, tx, row); err != nil {
			return err
		}
	}
	if !added {
		return fail.New(fail.Conflict, "workforce.add.held_already")
	}
	return nil
}

func (r Row) values() []change.Value {
	t, _ := workforceapi.TitleOf(r.Title)
	return []change.Value{
		{Name: "person", Value: r.Name},
		{Name: "post", Value: t.Name.RU},
		{Name: "department", Value: r.Department},
		{Name: "from", Value: r.From.String()},
		{Name: "until", Value: r.Until.String()},
		{Name: "replaces", Value: r.ReplacesName},
	}
}

func (g Register) record(ctx context.Context, tx *sql.Tx, subject, code, action string, by Actor, fields []change.Field) error {
	if err := g.Tell(ctx, tx, subject); err != nil {
		return err
	}
	return change.Add(ctx, tx, g.Clock, change.Change{
		Organisation: code, Object: "post", Action: action, By: by, Fields: fields, Subject: subject, Purpose: Purpose,
	})
}
