// Package door is the one way in. However a person proves who they are, by
// password, card, key or phone, it is here that the session begins, is recorded
// and told about; and it is here that pages ask who stands before them and how
// freshly they proved it.
package door

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// FreshFor is how long after a sign-in factors and contacts may be changed
// without another.
const FreshFor = 10 * time.Minute

var (
	freshFor    = setting.Time("fresh_for", FreshFor, time.Minute, time.Hour, "how old a sign-in may be for changes of factors and contacts", "who finds a computer open changes nothing")
	historyLife = setting.Time("history_life", 8760*time.Hour, 720*time.Hour, 43800*time.Hour, "how long the list of one's sign-ins goes back", "a thief's sign-in is often seen late; what must stay for ever is in the audit trail")
)

// Method is how a person signed in. Its words are identity.method.<method>.
type Method string

// The methods.
const (
	Password     Method = "password" // with a second factor
	Passkey      Method = "passkey"
	Card         Method = "card"      // e-ID card
	Signature    Method = "signature" // cloud signature
	Phone        Method = "phone"     // QR, approved on a phone that is signed in
	Device       Method = "device"    // PIN of the person's device
	Registration Method = "registration"
	Recovery     Method = "recovery"
)

// Way is how the person proved who they are this time.
type Way struct {
	Method   Method
	AMR      []string        // RFC 8176
	Level    assurance.Level // of the proof alone; the session's is no higher than the account's
	Remember bool            // stay signed in in this browser
}

// Person is who stands before the page.
type Person struct {
	Session sso.Session
	Account account.Account
}

// Door is the subject.
type Door struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Accounts *account.Accounts
	Sessions *sso.Sessions
	Provider *openid.Provider
	Notices  *notice.Notices
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
	Lives  setting.Values
	// Detour is a page of ЕСИ that the person must see before they go on, as the
	// set-up of a new account; "" for none. nil asks for none.
	Detour func(ctx context.Context, a account.Account) (path string, err error)

	tabs []Tab
}

// Tab is one way of signing in among those that the page offers.
type Tab struct{ Name, Key, Path string }

// Offer adds a way to the tabs of the sign-in page.
func (d *Door) Offer(t Tab) { d.tabs = append(d.tabs, t) }

// admit begins the session and writes all that follows from it.
func (d *Door) admit(ctx context.Context, a account.Account, way Way, place notice.Place, browser, client string, current *sso.Session) (secret string, err error) {
	if a.State != account.Active {
		return "", notActive(a)
	}
	proof := sso.Proof{
		Method: string(way.Method), AMR: way.AMR, Level: assurance.Least(way.Level, a.Level),
		Agent: place.Agent, Address: place.Address, Remembered: way.Remember, Epoch: a.Epoch,
	}
	secret, session, err := d.Sessions.Start(ctx, a.ID, proof, current)
	if errors.Is(err, sso.ErrLate) {
		return "", d.late(ctx, a.ID)
	}
	if err != nil {
		return "", err
	}
	if err := d.Record(ctx, a.PIN, a.Name(), "sign_in", client); err != nil {
		return "", err
	}
	return secret, d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := d.note(ctx, tx, a.ID, session, client, "entered"); err != nil {
			return err
		}
		others, known, err := d.know(ctx, tx, a.ID, id.Hash(browser))
		if err != nil || known || !others {
			return err // the first browser of an account is nothing to warn of
		}
		return d.Notices.Tell(ctx, tx, a, notice.NewBrowser, "", place)
	})
}

func notActive(a account.Account) error {
	return fail.New(fail.Forbidden, "identity.account."+string(a.State)).Titled("identity.account." + string(a.State) + "_title") // text: identity.account.*
}

// late is why a sign-in that was under way goes no further: the account was
// blocked or closed meanwhile, or all its sessions were ended.
func (d *Door) late(ctx context.Context, accountID string) error {
	a, found, err := d.Accounts.ByID(ctx, accountID)
	switch {
	case err != nil:
		return err
	case found && a.State != account.Active:
		return notActive(a)
	}
	return fail.New(fail.Forbidden, "identity.late").Titled("identity.late_title")
}

// Refused notes that somebody tried to sign in with the ПИН and was refused. a is
// its account; one without an ID where it has none, which costs the same work.
func (d *Door) Refused(ctx context.Context, pin string, a account.Account, method Method, place notice.Place) error {
	if err := d.Record(ctx, pin, "", "sign_in.failed", ""); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if a.ID == "" {
			return d.stray(ctx, tx, method, place)
		}
		return d.note(ctx, tx, a.ID, sso.Session{Proof: sso.Proof{Method: string(method), Agent: place.Agent, Address: place.Address}}, "", "refused")
	})
}

// Change runs a change of the account's factors or contacts in one transaction
// and tells the person of it on the channels that were theirs before. It is
// refused while the account is frozen, and when all its sessions, also that of who
// makes the change, have been ended since a was read.
func (d *Door) Change(ctx context.Context, a account.Account, kind notice.Kind, detail string, place notice.Place,
	change func(ctx context.Context, tx *sql.Tx, before account.Account) error,
) error {
	var before account.Account
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var found bool
		var err error
		if before, found, err = d.Accounts.Hold(ctx, tx, a.ID); err != nil {
			return err
		}
		if !found {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if err := d.Still(before, a); err != nil {
			return err
		}
		if err := change(ctx, tx, before); err != nil {
			return err
		}
		return d.Notices.Tell(ctx, tx, before, kind, detail, place)
	})
	if err != nil {
		return err
	}
	return d.Record(ctx, before.PIN, before.Name(), "account."+string(kind), "")
}

// Still is an error when the person who began as a, the account as it was read with
// the session, must not end what they began: now is the account as it is held.
func (d *Door) Still(now, a account.Account) error {
	switch {
	case now.State != account.Active:
		return notActive(now)
	case now.Epoch != a.Epoch:
		return fail.New(fail.Forbidden, "identity.late_change").Titled("identity.late_change_title")
	}
	return d.MayChange(now)
}

func until(a account.Account) string {
	return a.FrozenUntil.In(clock.Bishkek).Format("02.01.2006 15:04")
}

// MayChange is an error while the account is frozen: it is in doubt whose hand is
// in it.
func (d *Door) MayChange(a account.Account) error {
	if a.Frozen(d.Clock.Now()) {
		return fail.New(fail.Forbidden, "identity.frozen", "Until", until(a)).Titled("identity.frozen_title")
	}
	return nil
}
