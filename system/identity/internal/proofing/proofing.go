// Package proofing is the operators' queue of registrations: what a machine
// cannot decide, and photos that nobody has looked at yet. The operator sees what
// the person said beside what the population register says, and the photo, and
// approves, refuses with a reason, or asks for another photo. Each look is
// recorded; two operators do not decide one case.
//
// A case that is approved raises the account to level substantial, or makes it
// at that level where it had waited.
package proofing

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// most is how many cases a page lists; the longest waiting come first.
const most = 100

// Desk is the subject.
type Desk struct {
	DB            *db.DB
	Clock         clock.Clock
	Site          *page.Site // the console's
	Registrations *registration.Registrations
	// Guard lets operators alone to a page: see console.Guard.
	Guard func(h func(w http.ResponseWriter, r *http.Request, pin, name string) error) page.Handler
	// Register asks the population register. user is the operator's ПИН.
	Register func(ctx context.Context, pin, user, purpose string) (populationapi.Person, error)
}

// view is one case as the operator sees it.
type view struct {
	registration.Registration
	now      *populationapi.Person // what the register says today; nil when it knows nobody
	away     bool                  // the register did not answer
	fits     bool
	face     []byte
	document []byte
}

// look opens a case. That the operator saw it is written first: nobody sees what
// is not on record.
func (d *Desk) look(ctx context.Context, registrationID, operator, name string) (view, error) {
	r, found, err := d.Registrations.ByID(ctx, registrationID)
	if err != nil {
		return view{}, err
	}
	if !found || r.Proof == registration.NotAsked {
		return view{}, fail.New(fail.NotFound, "kit.not_found")
	}
	if err := d.record(ctx, r.PIN, operator, name, "proofing.looked", r.ID); err != nil {
		return view{}, err
	}
	v := view{Registration: r}
	p, err := d.Register(ctx, r.PIN, operator, "proofing")
	switch {
	case err == nil:
		v.now, v.fits = &p, registration.Fits(p, r.Passport, clock.DateOf(d.Clock.Now()))
	case !fail.Is(err, fail.NotFound):
		v.away = true // the photo and the person's own word can be looked at all the same
	}
	if v.face, err = d.Registrations.JPEG(ctx, r.ID, r.PhotoID); err != nil {
		return view{}, err
	}
	v.document, err = d.Registrations.JPEG(ctx, r.ID, r.DocumentID)
	return v, err
}

// decide takes the operator's verdict and records it.
func (d *Desk) decide(ctx context.Context, registrationID string, v registration.Verdict) error {
	r, found, err := d.Registrations.ByID(ctx, registrationID)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if err := d.Registrations.Decide(ctx, registrationID, v); err != nil {
		return err
	}
	return d.record(ctx, r.PIN, v.PIN, v.Name, "proofing."+string(v.Proof), r.ID)
}

func (d *Desk) record(ctx context.Context, subject, operator, name, action, object string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return audit.Add(ctx, tx, d.Clock, audit.Record{
			Subject: subject, ActorPIN: operator, ActorName: name, Via: "identity", Action: action, Purpose: "proofing", Object: object,
		})
	})
}

// age is since when the person waits.
func (d *Desk) age(r registration.Registration) time.Duration { return d.Clock.Now().Sub(r.AskedAt) }
