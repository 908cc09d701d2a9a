package registration

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
)

// Attempted tells the owner of an account that somebody registered their ПИН.
const Attempted notice.Kind = "registration_attempted"

// finish is «Регистрация». What comes of it, by rule:
//
//   - the ПИН has an account: its owner is told; who registers sees what those
//     see who wait for an operator;
//   - the data fit and the machine took the photo: the account is there, at
//     level low, since no machine here has the passport's photo to compare with.
//     An operator who looks at photo and data raises it to substantial;
//   - anything else waits for an operator.
func (g *Registrations) finish(ctx context.Context, r Registration, place notice.Place) (Registration, error) {
	if r.State == Finished && r.Proof == ProofAgain && r.Next() == PageReview { // the photo that an operator asked for
		r.Proof, r.AskedAt = ProofWaiting, g.Clock.Now()
		return r, g.update(ctx, r)
	}
	if r.State != Open || r.Next() != PageReview {
		return r, changed()
	}
	var made account.Account
	if r.Sure() {
		var err error
		if made, err = g.prepare(ctx, r, assurance.Low); err != nil {
			return r, err
		}
	}
	sent := r
	err := g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done := r
		existing, found, err := g.Accounts.HoldPIN(ctx, tx, r.PIN)
		switch {
		case err != nil:
			return err
		case found && existing.State != account.Closed:
			done, err = g.known(ctx, tx, r, existing, place)
		case r.Sure():
			done, err = g.open(ctx, tx, r, made, existing)
			done.Proof, done.AskedAt = ProofWaiting, g.Clock.Now()
			if !errors.Is(err, errFaster) {
				break
			}
			if existing, _, err = g.Accounts.HoldPIN(ctx, tx, r.PIN); err == nil {
				done, err = g.known(ctx, tx, r, existing, place)
			}
		default:
			done.State, done.Proof, done.AskedAt = Waiting, ProofWaiting, g.Clock.Now()
		}
		if err != nil {
			return err
		}
		done.Expires = g.Clock.Now().Add(g.Door.Lives.Time(returnFor))
		if err := g.save(ctx, tx, done); err != nil {
			return err
		}
		sent = done
		return nil
	})
	if err != nil {
		return r, err
	}
	return sent, g.Record(ctx, r.PIN, made.Name(), "registration.sent", r.ID)
}

// prepare is the account that the registration asks for. The names are the
// register's; the person's own word counts only where an operator took it.
func (g *Registrations) prepare(ctx context.Context, r Registration, level assurance.Level) (account.Account, error) {
	n := account.New{PIN: r.PIN, Email: r.Email, Phone: r.Phone, Lang: r.Lang, Level: level}
	switch {
	case r.Person != nil:
		n.FamilyName, n.GivenName, n.Patronymic = r.Person.FamilyName, r.Person.GivenName, r.Person.Patronymic
		n.BirthDate, n.Citizenship = r.Person.BirthDate, r.Person.Citizenship
	case r.Claim != nil:
		n.FamilyName, n.GivenName, n.Patronymic, n.BirthDate = r.Claim.FamilyName, r.Claim.GivenName, r.Claim.Patronymic, r.Claim.BirthDate
	}
	return g.Accounts.Prepare(ctx, n)
}

// errFaster is that the account was made in another way this very moment: until its
// row is there, nothing could be held.
var errFaster = errors.New("registration: the account is there already")

// open makes the account (errFaster when it is there), or opens anew one that its owner has closed: nothing
// by which they once signed in opens it again.
func (g *Registrations) open(ctx context.Context, tx *sql.Tx, r Registration, made, closed account.Account) (Registration, error) {
	if closed.ID == "" {
		first, err := g.Accounts.Insert(ctx, tx, made)
		if err != nil {
			return r, err
		}
		if !first {
			return r, errFaster
		}
		r.AccountID = made.ID
	} else {
		r.AccountID, r.epoch = closed.ID, closed.Epoch
		if err := g.reopen(ctx, tx, r, made); err != nil {
			return r, err
		}
	}
	r.State = Finished
	if err := g.accept(ctx, tx, r); err != nil {
		return r, err
	}
	return r, g.bindPhotos(ctx, tx, r, g.Clock.Now().Add(g.Door.Lives.Time(PhotosFor)))
}

func (g *Registrations) reopen(ctx context.Context, tx *sql.Tx, r Registration, made account.Account) error {
	for _, change := range []func() error{
		func() error { return g.Accounts.SetState(ctx, tx, r.AccountID, account.Active) },
		func() error { return g.Accounts.SetLevel(ctx, tx, r.AccountID, made.Level) },
		func() error { return g.Accounts.SetPassword(ctx, tx, r.AccountID, account.Hashed{}) },
		func() error { return g.Accounts.SetTOTP(ctx, tx, r.AccountID, "") },
		func() error { return g.Accounts.SetTelegram(ctx, tx, r.AccountID, "") },
		func() error { return g.Accounts.SetPhone(ctx, tx, r.AccountID, r.Phone) },
		func() error { return g.Accounts.SetEmail(ctx, tx, r.AccountID, r.Email) },
		func() error { return g.Accounts.Freeze(ctx, tx, r.AccountID, time.Time{}) },
	} {
		if err := change(); err != nil {
			return err
		}
	}
	return nil
}

// known ends a registration whose ПИН has an account: it tells the account's owner,
// on the channels that are theirs, and keeps nothing of the photos: they may be a
// stranger's.
func (g *Registrations) known(ctx context.Context, tx *sql.Tx, r Registration, existing account.Account, place notice.Place) (Registration, error) {
	r.State, r.AskedAt = Known, g.Clock.Now()
	if err := g.dropPhotos(ctx, tx, r.ID); err != nil {
		return r, err
	}
	detail := g.Texts.Words("identity.register.attempted").In(existing.Lang)
	return r, g.Notices.Tell(ctx, tx, existing, Attempted, detail, place)
}

// enterable says that the account may be entered by this registration: it is
// new, nothing to sign in with has been set up yet, and nobody who came in by a
// card or a signature has ended all sessions since.
func (g *Registrations) enterable(ctx context.Context, r Registration) (account.Account, bool, error) {
	if r.State != Finished || r.AccountID == "" {
		return account.Account{}, false, nil
	}
	a, found, err := g.Accounts.ByID(ctx, r.AccountID)
	return a, found && !a.HasPassword() && a.State == account.Active && a.Epoch == r.epoch, err
}

// Page is a step of the way.
type Page string

// The pages, in order.
const (
	PageDoubt     Page = "/register/doubt"
	PageAgreement Page = "/register/agreement"
	PagePhone     Page = "/register/phone"
	PageEmail     Page = "/register/email"
	PagePhoto     Page = "/register/photo"
	PageAlive     Page = "/register/alive" // stands beside the photo's, until its task is done
	PageDocument  Page = "/register/document"
	PageReview    Page = "/register/review"
	PageSent      Page = "/register/sent"
)

// Next is where the person has to go on.
func (r Registration) Next() Page {
	switch {
	case r.State == Finished && r.Proof == ProofAgain && r.PhotoAt.IsZero():
		return PagePhoto
	case r.State == Finished && r.Proof == ProofAgain:
		return PageReview
	case r.State != Open:
		return PageSent
	case r.Doubt != "" && r.Claim == nil:
		return PageDoubt
	case r.Agreement == "":
		return PageAgreement
	case r.PhoneAt.IsZero():
		return PagePhone
	case r.EmailAt.IsZero():
		return PageEmail
	case r.PhotoAt.IsZero():
		return PagePhoto
	}
	return PageReview
}

// language is the reader's, kept for messages.
func language(ctx context.Context) text.Lang { return text.LangOf(ctx) }

// gone is what a registration that ran out, or was begun elsewhere, ends with.
func gone() error { return fail.New(fail.Gone, "identity.register.gone") }
