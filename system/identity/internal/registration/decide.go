package registration

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Verdict is what an operator decided after looking.
type Verdict struct {
	Proof      Proof // Approved, ProofRefused or ProofAgain
	Reason     string
	PIN, Name  string // the operator's
	Place      notice.Place
	Registered int64 // version of the registration that the operator looked at
}

// Version is for Verdict.Registered.
func (r Registration) Version() int64 { return r.version }

// Decide takes the verdict on the registration as the operator saw it. Of two
// operators the first decides; the second is told (fail.Conflict).
func (g *Registrations) Decide(ctx context.Context, registrationID string, v Verdict) error {
	r, found, err := g.ByID(ctx, registrationID)
	switch {
	case err != nil:
		return err
	case !found:
		return fail.New(fail.NotFound, "kit.not_found")
	case r.Proof != ProofWaiting || r.version != v.Registered:
		return fail.New(fail.Conflict, "identity.proofing.decided")
	case r.PIN == v.PIN:
		return fail.New(fail.Forbidden, "identity.proofing.own")
	}
	now := g.Clock.Now()
	r.Proof, r.Reason, r.DecidedAt, r.DecidedBy, r.DecidedName, r.Expires = v.Proof, v.Reason, now, v.PIN, v.Name, now.Add(g.Door.Lives.Time(returnFor))
	var made account.Account
	if r.State == Waiting && v.Proof == Approved {
		if made, err = g.prepare(ctx, r, assurance.Substantial); err != nil {
			return err
		}
	}
	err = g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		after, err := g.decided(ctx, tx, r, made, v)
		if err != nil {
			return err
		}
		if err := g.save(ctx, tx, after); err != nil {
			return err
		}
		_, err = g.Queue.Add(ctx, tx, wordJob, word{after.ID, string(v.Proof)}, job.Options{Subject: string(v.Proof)})
		return err
	})
	if fail.Is(err, fail.Conflict) {
		return fail.New(fail.Conflict, "identity.proofing.decided")
	}
	return err
}

// decided is the registration after the verdict, with all that follows from it.
func (g *Registrations) decided(ctx context.Context, tx *sql.Tx, r Registration, made account.Account, v Verdict) (Registration, error) {
	switch {
	case v.Proof == ProofAgain:
		if r.State == Waiting {
			r.State = Open
		}
		old := r.PhotoID
		r.PhotoID, r.PhotoAt, r.PhotoRefused, r.PhotoDoubt = "", time.Time{}, 0, ""
		return r, g.dropPhoto(ctx, tx, old)
	case v.Proof == ProofRefused:
		if r.State == Waiting {
			r.State = Refused
			return r, g.expirePhotos(ctx, tx, r.ID, g.Clock.Now().Add(g.Door.Lives.Time(PhotosFor)))
		}
		return r, nil // the account stays as it is, at level low
	case r.State == Waiting:
		existing, found, err := g.Accounts.HoldPIN(ctx, tx, r.PIN)
		if err != nil {
			return r, err
		}
		if found && existing.State != account.Closed { // made in another way meanwhile
			r.State = Known
			return r, nil
		}
		after, err := g.open(ctx, tx, r, made, existing)
		if errors.Is(err, errFaster) {
			r.State = Known
			return r, nil
		}
		return after, err
	}
	a, found, err := g.Accounts.Hold(ctx, tx, r.AccountID)
	if err != nil || !found {
		return r, err
	}
	if a.Level.AtLeast(assurance.Substantial) {
		return r, nil
	}
	if err := g.Accounts.SetLevel(ctx, tx, a.ID, assurance.Substantial); err != nil {
		return r, err
	}
	return r, g.Notices.Tell(ctx, tx, a, notice.LevelChanged, "", v.Place)
}

const wordJob = "registration-word"

type word struct {
	Registration string `json:"registration"`
	What         string `json:"what"`
}

// Register tells the queue who tells people what was decided.
func (g *Registrations) Register() { g.Queue.Handle(wordJob, job.Policy{}, g.deliver) }

// ReturnTo is the page by which the person comes back to the registration.
func ReturnTo(r Registration) string { return "/register/return/" + r.ID }

// deliver tells the person by SMS and e-mail, each by itself. The link leads to
// a page that sends a code to the phone: the message alone opens nothing.
func (g *Registrations) deliver(ctx context.Context, j job.Job) error {
	var w word
	if err := j.Bind(&w); err != nil {
		return err
	}
	r, found, err := g.ByID(ctx, w.Registration)
	if err != nil || !found {
		return err
	}
	key := "identity.register.word." + w.What // text: identity.register.word.*
	for _, to := range []struct {
		channel messageapi.Channel
		address string
	}{{messageapi.SMS, r.Phone}, {messageapi.Email, r.Email}} {
		_, err := g.Messages.Send(ctx, messageapi.Message{
			ID: "identity-" + j.ID + "-" + string(to.channel), Address: to.address, Channels: []messageapi.Channel{to.channel}, Lang: r.Lang,
			Subject: g.Texts.Words("identity.register.word.subject"), Body: g.Texts.Words(key, "Reason", r.Reason), Link: g.Base + ReturnTo(r),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
