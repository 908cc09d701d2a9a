package post

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Codes of what is recorded.
const (
	ActionAdd = "post.add"
	ActionEnd = "post.end"
	Purpose   = "staffing"
)

// Actor is the manager who acts.
type Actor struct {
	PIN, Name, Role, Organisation string // Role and Organisation in words, as they are now
}

// Appointment is a post to be given.
type Appointment struct {
	PIN          string
	Name         string // from the population register
	Title        string
	Organisation string
	Department   string // "" for the whole organisation
	From         clock.Date
}

// Check says what is wrong with an appointment, each thing with its field.
func Check(a Appointment, o organisation.Organisation, today clock.Date) []fail.Finding {
	var wrong []fail.Finding
	note := func(field, key string) { wrong = append(wrong, fail.Finding{Field: field, Key: key}) }
	if _, err := pin.Parse(a.PIN); err != nil {
		e := fail.As(err)
		wrong = append(wrong, fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	title, ok := TitleOf(a.Title)
	if !ok || title.Kind != o.Kind {
		note("title", "kit.field.choose")
	}
	known := slices.ContainsFunc(o.Departments, func(d workforceapi.Department) bool { return d.Code == a.Department })
	switch {
	case ok && title.Department && !known:
		note("department", "workforce.add.department_needed")
	case ok && !title.Department && a.Department != "":
		note("department", "workforce.add.department_none")
	}
	switch {
	case a.From.IsZero():
	case a.From.Year < today.Year-1 || a.From.Year > today.Year+1:
		note("from", "workforce.add.from_far")
	}
	return wrong
}

// Add gives the post. Giving the same one again is a conflict.
func (g Register) Add(ctx context.Context, a Appointment, by Actor) error {
	o, err := organisation.Find(ctx, g.DB.Read, a.Organisation)
	if err != nil {
		return err
	}
	if wrong := Check(a, o, g.Today()); len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		row := Row{
			ID: id.New(), PIN: a.PIN, Name: a.Name, Title: a.Title, Organisation: a.Organisation,
			Department: a.Department, From: a.From, At: g.Clock.Now(), By: by.PIN,
		}
		added, err := Insert(ctx, tx, row)
		if err != nil {
			return err
		}
		if !added {
			return fail.New(fail.Conflict, "workforce.add.held_already")
		}
		return g.record(ctx, tx, a.PIN, row.ID, ActionAdd, by)
	})
}

func (g Register) record(ctx context.Context, tx *sql.Tx, subject, object, action string, by Actor) error {
	return audit.Add(ctx, tx, g.Clock, audit.Record{
		Subject: subject, ActorPIN: by.PIN, ActorName: by.Name, ActorRole: by.Role, Organisation: by.Organisation,
		Via: "workforce", Action: action, Purpose: Purpose, Object: object,
	})
}
