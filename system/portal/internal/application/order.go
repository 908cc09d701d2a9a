package application

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
)

// atOnce is how long the person waits for the provider before the application
// goes to the background; the job begins only after it.
const atOnce = 6 * time.Second

// Order keeps the application with the job that answers it, then tries to
// answer at once. The same token of the same person is the same application.
func (d *Desk) Order(ctx context.Context, p cabinet.Person, service, token string, in Input) (string, error) {
	ordered, ok := catalogue.Find(service)
	if !ok {
		return "", fail.New(fail.NotFound, "kit.not_found")
	}
	if uuid.Validate(token) != nil || (in.Stay != "" && (len(in.Stay) > 100 || !plain(in.Stay))) {
		return "", fail.New(fail.BadRequest, "kit.bad_request")
	}
	a := Application{ID: id.New(), Service: service, PIN: p.PIN, Applicant: p.Name, Input: in, State: Waiting, Created: d.Clock.Now()}
	isNew := false
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		known, err := byToken(ctx, tx, p.PIN, token)
		if err != nil || known != "" {
			a.ID, isNew = known, false
			return err
		}
		if a.Number, err = nextNumber(ctx, tx, clock.DateOf(a.Created).Year); err != nil {
			return err
		}
		kept, err := insert(ctx, tx, a, token)
		if err != nil {
			return err
		}
		if isNew = kept == a.ID; !isNew {
			a.ID = kept
			return nil
		}
		begun := Filed
		if ordered.Executed() {
			begun = Filled
		}
		if err := addEvent(ctx, tx, a.ID, begun, a.Number, a.Created); err != nil {
			return err
		}
		if ordered.Executed() { // people answer, when it is signed
			return d.Seen(ctx, tx, audit.Record{Subject: p.PIN, ActorPIN: p.PIN, ActorName: p.Name, Action: "order", Purpose: "own-request", Object: a.ID})
		}
		if _, err := d.Queue.Add(ctx, tx, JobFulfil, task{Application: a.ID}, job.Options{Unique: a.ID, Subject: a.Number, At: a.Created.Add(atOnce + 2*time.Second)}); err != nil {
			return err
		}
		return d.Seen(ctx, tx, audit.Record{Subject: p.PIN, ActorPIN: p.PIN, ActorName: p.Name, Action: "order", Purpose: "own-request", Object: a.ID})
	})
	if err != nil || !isNew || ordered.Executed() {
		return a.ID, err
	}
	quick, cancel := context.WithTimeout(ctx, atOnce)
	defer cancel()
	if err := d.fulfil(quick, a.ID); err != nil {
		// Kept and not lost: the person sees that the answer is awaited.
		d.Log.InfoContext(ctx, "the provider did not answer at once", "system", "portal", "service", service, "error", err.Error())
		return a.ID, d.await(ctx, a)
	}
	return a.ID, nil
}

// plain says that an id has nothing but letters, digits and dashes.
func plain(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// await notes that the answer is awaited and says so to the person.
func (d *Desk) await(ctx context.Context, a Application) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state, err := lock(ctx, tx, d.DB.ForUpdate(), a.ID)
		if err != nil || state != Waiting {
			return err
		}
		if err := addEvent(ctx, tx, a.ID, Awaited, "", d.Clock.Now()); err != nil {
			return err
		}
		return d.notify(ctx, tx, a.ID, a.Number, Awaited)
	})
}
